package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/index"
)

func TestMessageReachesItsRecipients(t *testing.T) {
	h := newLocal(t, "policy.retry=1s")
	all := h.publish("to-all")
	m, _ := h.finished(all.UMID)
	if want := (v1.Counts{Sent: 2, Delivered: 2}); m.Status != want || m.Recipients != 4 {
		t.Errorf("to all: %d recipients, %+v", m.Recipients, m.Status)
	}
	if got := h.sent(all.UMID); len(got) != 4 {
		t.Errorf("to all: the sandbox was given it for %v", got)
	}
	named := h.publish("to-two", v1.Contact{Email: "x@example.com"}, v1.Contact{Email: "permanent@example.com"})
	m, deliveries := h.finished(named.UMID)
	if want := (v1.Counts{Sent: 1, Failed: 1}); m.Status != want || deliveries[1].Reason != v1.DeliveryReasonRejected {
		t.Errorf("to two: %+v, %+v", m.Status, deliveries)
	}
	if got := h.sent(named.UMID); !reflect.DeepEqual(got, []string{"x@example.com"}) {
		t.Errorf("to two: the sandbox was given it for %v", got)
	}
}

// What is answered after a restart, and after the index was deleted, is what was answered before.
func TestNothingIsForgotten(t *testing.T) {
	h := newLocal(t, "policy.retry=1s", "sandbox.late=1s")
	direct := []v1.Contact{{Email: "x@example.com"}, {Email: "temporary-1@example.com"}, {Email: "late@example.com"}}
	first, second := h.publish("first"), h.publish("second", direct...)
	type answers struct {
		Messages   [2]v1.Message
		Deliveries [2][]v1.Delivery
	}
	ask := func() (a answers) {
		a.Messages[0], a.Deliveries[0] = h.finished(first.UMID)
		a.Messages[1], a.Deliveries[1] = h.finished(second.UMID)
		return a
	}
	before := ask()
	for _, restart := range []struct {
		name string
		fn   func() error
	}{
		{"restart", func() error { return nil }},
		{"index deleted", func() error { return os.RemoveAll(filepath.Join(h.flag.store, "index")) }},
	} {
		h.stop()
		if err := restart.fn(); err != nil {
			t.Fatal(err)
		}
		h.start()
		if after := ask(); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: answers differ:\n%+v\n%+v", restart.name, before, after)
		}
		again := []v1.Receipt{h.publish("first"), h.publish("second", direct...)}
		if !again[0].Duplicate || !again[1].Duplicate || again[0].UMID != first.UMID || again[1].UMID != second.UMID {
			t.Errorf("%s: repeats were not found: %+v", restart.name, again)
		}
		if got := append(h.sent(first.UMID), h.sent(second.UMID)...); len(got) > 0 {
			t.Errorf("%s: sent again to %v", restart.name, got)
		}
	}
}

// Personal data stands nowhere on the disk in the clear.
func TestStoreShowsNoContact(t *testing.T) {
	h := newLocal(t)
	h.finished(h.publish("secret-transaction", v1.Contact{Email: "needle@example.com", Name: "Needle"}).UMID)
	h.stop()
	err := filepath.WalkDir(h.flag.store, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, needle := range []string{"needle", "Needle", "aida@", "+9991000001", "secret-transaction", "text of"} {
			if strings.Contains(string(b), needle) {
				t.Errorf("%s holds %q", path, needle)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadinessNamesItsParts(t *testing.T) {
	h := newLocal(t)
	if err := h.client().Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	r := &recall{index: emptyIndex(t)}
	if err := r.Ready(t.Context()); err == nil {
		t.Error("an index that has not caught up is ready")
	}
	if _, _, err := r.Lookup("x"); err == nil {
		t.Error("an index that has not caught up says that a transaction is new")
	}
	if _, _, err := r.Sent(t.Context(), "sms", "x", true); !errors.Is(err, errCatchingUp) {
		t.Errorf("an index that has not caught up is asked whose a receipt is: %v", err)
	}
}

func TestLoopbackIsBoundTwice(t *testing.T) {
	h := newLocal(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(h.API, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"127.0.0.1", "localhost"}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		hosts = append(hosts, "::1")
		l.Close()
	}
	for _, host := range hosts {
		answer, err := http.Get(fmt.Sprintf("http://%s/healthz", net.JoinHostPort(host, port)))
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = answer.Body.Close()
	}
}

func TestOutboxIsForThisMachine(t *testing.T) {
	h := newLocal(t)
	r, err := http.NewRequest(http.MethodGet, h.Outbox+".json", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "rebound.example.com"
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusForbidden {
		t.Errorf("answered %d: %s", answer.StatusCode, body)
	}
}

func TestAppStopsOnItsContext(t *testing.T) {
	home, err := openDevStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := devConfig(home, devFlags{address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(conf, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	<-a.Ready()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("ended with %v", err)
	}
	if answer, err := http.Get(a.URL() + "/healthz"); err == nil {
		_ = answer.Body.Close()
		t.Error("still answers")
	}
}

func TestAppSaysWhatItCannotOpen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	home, err := openDevStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := devConfig(home, devFlags{address: taken.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	err = newApp(conf, slog.New(slog.DiscardHandler)).Run(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "api.listen: ") {
		t.Errorf("got %v", err)
	}
}

// emptyIndex has folded nothing.
func emptyIndex(t *testing.T) *index.Index {
	t.Helper()
	x, err := index.Open(index.Options{Path: filepath.Join(t.TempDir(), "index.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}
