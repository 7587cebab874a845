package main

import (
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// local is the whole gateway with its issuer and sandbox, in this process, on a store that outlives it.
type local struct {
	t    *testing.T
	flag devFlags
	crew *crew
	session
}

func newLocal(t *testing.T, set ...string) *local {
	t.Helper()
	h := &local{t: t, flag: devFlags{store: filepath.Join(t.TempDir(), "store"), address: "127.0.0.1:0", set: set}}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *local) start() {
	h.t.Helper()
	home, err := openDevStore(h.flag.store)
	if err != nil {
		h.t.Fatal(err)
	}
	conf, err := devConfig(home, h.flag)
	if err != nil {
		h.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.t.Output(), nil))
	h.crew = newCrew(log)
	if h.session, err = startSession(h.t.Context(), h.crew, conf, home, log); err != nil {
		h.t.Fatal(errors.Join(err, h.crew.stop()))
	}
}

func (h *local) stop() {
	if err := h.crew.stop(); err != nil {
		h.t.Errorf("stop: %v", err)
	}
}

func (h *local) client() *client.Client {
	return client.New(client.Options{Servers: []string{h.API}, Token: client.Static(rooms.NewSecret(h.Token))})
}

func (h *local) publish(tx string, to ...v1.Contact) v1.Receipt {
	h.t.Helper()
	r, err := h.client().Publish(h.t.Context(), h.Room, v1.Publish{
		TransactionID: tx, Type: "reminder", Content: v1.Text{Text: "text of " + tx}, Recipients: to,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// finished waits until nothing more is to happen with a message, and gives all that is known of it.
func (h *local) finished(umid string) (m v1.Message, deliveries []v1.Delivery) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		var err error
		if m, err = h.client().Message(h.t.Context(), umid); err != nil {
			h.t.Fatal(err)
		}
		deliveries = h.deliveries(umid)
		if m.FinishedAt != nil && !slices.ContainsFunc(deliveries, unsent) {
			return m, deliveries
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not finished: %+v", m.Status)
		}
	}
}

// unsent is a delivery whose receipt was known before it was recorded that it had been sent, which follows.
func unsent(d v1.Delivery) bool { return d.Status == v1.Delivered && d.SentAt.IsZero() }

func (h *local) deliveries(umid string) (all []v1.Delivery) {
	h.t.Helper()
	for d, err := range h.client().Deliveries(h.t.Context(), umid) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// sent are the recipients that the sandbox was given a message for.
func (h *local) sent(umid string) []string {
	h.t.Helper()
	answer, err := http.Get(h.Outbox + ".json")
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	var items []struct{ UMID, To string }
	if err := json.UnmarshalRead(answer.Body, &items, json.MatchCaseInsensitiveNames(true)); err != nil {
		h.t.Fatal(err)
	}
	var to []string
	for _, it := range items {
		if it.UMID == umid {
			to = append(to, it.To)
		}
	}
	return to
}
