package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// oldAges are those that the store was made with: nothing in it has come of age when this runs.
var oldAges = []string{
	"log.messageAge=87600h", "log.eventAge=87600h", "log.auditAge=87600h", "log.markerTTL=87700h", "index.keep=87600h",
	"policy.expiry=87000h", "api.maxExpiry=87000h", "policy.retry=2m,2m,2m",
}

// oldStore starts the gateway on a store that an earlier version has written; see broker/testdata.
func oldStore(t *testing.T, archive string) *stand {
	t.Helper()
	folder := t.TempDir()
	unpack(t, archive, folder)
	return newStand(t, oldAges, func(c *config.Config) {
		c.Broker.Store, c.Broker.KeyFile = filepath.Join(folder, "store"), filepath.Join(folder, "store.key")
		c.Vault.KeysFile = filepath.Join(folder, "store.keys.json")
	})
}

func unpack(t *testing.T, archive, folder string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = unpackOne(filepath.Join(folder, filepath.FromSlash(h.Name)), h, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func unpackOne(path string, h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		return os.MkdirAll(path, 0o700)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// What the first version has stored is all there, goes on where it stopped, and is not accepted twice.
func TestFirstStoreOpens(t *testing.T) {
	s := oldStore(t, filepath.Join("..", "..", "broker", "testdata", "store-1.tar.gz"))
	all, err := s.know.rooms.List(t.Context())
	if err != nil || len(all) != 2 || all[0].Name != demoRoom || all[1].Name != "newborn" || all[1].Title != "Mothers of a newborn child" {
		t.Errorf("rooms %+v, %v", all, err)
	}
	s.subscribedThen("newborn", "+9991000010", "dinah@example.com")
	s.subscribedThen(demoRoom, "+9991000001", "+9991000002", "aida@example.com", "bakyt@example.com")

	token := s.token(demoPublisher)
	known := map[string]string{}
	for tx, body := range map[string]string{
		"old-1": `{"transactionId":"old-1","type":"reminder","content":{"subject":"Vaccination","text":"Please come on Tuesday.","sms":"Tuesday"}}`,
		"old-2": `{"transactionId":"old-2","type":"reminder","content":{"subject":"Vaccination","text":"Please come on Tuesday.","sms":"Tuesday"}}`,
		"old-3": `{"transactionId":"old-3","type":"reminder","content":{"subject":"Vaccination","text":"Parked."},"recipients":[{"email":"temporary-1@example.com"},{"email":"permanent@example.com"},{"email":"a@example.com"}]}`,
	} {
		room := map[string]string{"old-1": demoRoom, "old-2": "newborn", "old-3": demoRoom}[tx]
		url := s.app.URL() + "/v1/rooms/" + room + "/messages"
		a := ask(t, http.MethodPost, url, token, body)
		if a.status != http.StatusOK || !a.Duplicate || !a.ReceivedAt.Before(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
			t.Fatalf("%s again: %d %s", tx, a.status, a.body)
		}
		known[tx] = a.UMID
		if a := ask(t, http.MethodPost, url, token, strings.Replace(body, "Vaccination", "Other", 1)); a.status != http.StatusConflict {
			t.Errorf("%s with other content: %d %s", tx, a.status, a.body)
		}
	}
	s.stands(known["old-1"], v1.Counts{Sent: 2, Delivered: 2})
	s.stands(known["old-2"], v1.Counts{Sent: 1, Delivered: 1})
	s.stands(known["old-3"], v1.Counts{Sent: 2, Failed: 1}) // once the parked one has gone out
	s.audited()

	fresh := s.publish("newborn", v1.Publish{Content: v1.Content{SMS: "new", Text: "new"}, TransactionID: "new-1"})
	s.stands(fresh.UMID, v1.Counts{Sent: 1, Delivered: 1})
}

// subscribedThen fails unless a room holds these people.
func (s *stand) subscribedThen(room rooms.Room, want ...string) {
	s.t.Helper()
	subs, _, err := s.know.subscribers.List(s.t.Context(), room, 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, sub := range subs {
		plain, err := s.store.vault.Unseal(sub.Contact, "contact", string(room), string(sub.ID))
		if err != nil {
			s.t.Fatal(err)
		}
		c, err := rooms.DecodeContact(plain)
		if err != nil {
			s.t.Fatal(err)
		}
		got = append(got, c.Address.Reveal())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Errorf("in %s are %q, want %q", room, got, want)
	}
}

// stands waits until a message stands so.
func (s *stand) stands(umid string, want v1.Counts) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		m, _ := s.message(umid)
		if m.Status != want {
			return fmt.Sprintf("%s stands at %+v, want %+v", umid, m.Status, want)
		}
		return ""
	})
}

// audited fails unless the audit log begins with what the earlier version wrote.
func (s *stand) audited() {
	s.t.Helper()
	all := s.auditLines("node")
	if len(all) < 4 || !strings.Contains(string(all[0]), `"start"`) || !strings.Contains(string(all[2]), `"stop"`) {
		s.t.Errorf("the audit of the node begins with %d entries: %s", len(all), all)
	}
}
