package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// statusEvent is what a sender is told.
type statusEvent struct {
	ID      string     `json:"id"`
	Type    string     `json:"type"`
	Subject string     `json:"subject"`
	Data    v1.Message `json:"data"`
}

func (r received) told(t *testing.T) (e statusEvent) {
	t.Helper()
	if err := json.Unmarshal(r.body, &e); err != nil || e.Type != "org.crier.message.status" || e.ID != r.header.Get("Webhook-Id") || e.Subject != e.Data.UMID {
		t.Fatalf("%v: %s", err, r.body)
	}
	return e
}

// finished waits until an application is told that a message is finished, and gives that call.
func (a *application) finished(t *testing.T, umid string) (last received) {
	t.Helper()
	await(t, busyFor, func() string {
		for _, c := range a.got() {
			if e := c.told(t); e.Subject == umid && e.Data.FinishedAt != nil {
				last = c
				return ""
			}
		}
		return fmt.Sprintf("none of %d calls says that %s is finished", len(a.got()), umid)
	})
	return last
}

func TestSenderIsTold(t *testing.T) {
	s := newStand(t, []string{"policy.retry=1s", "sandbox.late=3s", "sandbox.receipts=none"}, nil)
	app, other := startApplication(t), startApplication(t)
	s.room("newborn", demoPublisher, demoReader)
	sender := s.as(s.token(demoPublisher))
	cb, err := sender.SetCallback(t.Context(), app.URL+"/canary")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := s.as(s.token(demoReader)).Publish(t.Context(), "newborn", v1.Publish{TransactionID: "t-0", Type: "reminder", Content: v1.Content{Text: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	r := s.publish("newborn", v1.Publish{TransactionID: "t-1", Content: v1.Content{Text: "qzcontent"}, Recipients: []v1.Contact{
		{Email: "late@example.com"}, {Email: "qzperson@example.com"}, {Email: "permanent@example.com"}, {Email: "temporary-1@example.com"},
	}})
	last := app.finished(t, r.UMID)
	if e := last.told(t); e.Data.Status != (v1.Counts{Sent: 2, Delivered: 1, Failed: 1}) || e.Data.Room != "newborn" || e.Data.Recipients != 4 {
		t.Errorf("%s", last.body)
	}
	m, _ := s.message(r.UMID)
	if want, _ := json.Marshal(m); !strings.Contains(string(last.body), `"data":`+string(want)) {
		t.Errorf("told %s, read %s", last.body, want)
	}
	calls := app.got()
	if len(calls) < 2 || len(calls) > 8 {
		t.Errorf("%d calls in about four seconds", len(calls))
	}
	for _, c := range calls {
		c.good(t, cb.Secret)
		if c.told(t).Subject == foreign.UMID || strings.Contains(string(c.body), "qz") {
			t.Errorf("somebody else's, or what nobody is told: %s", c.body)
		}
	}

	own := s.publish("newborn", v1.Publish{TransactionID: "t-2", Content: v1.Content{Text: "x"}, Callback: other.URL + "/canary", Recipients: []v1.Contact{{Email: "a@example.com"}}})
	toAll := s.publish("newborn", v1.Publish{TransactionID: "t-3", Content: v1.Content{Text: "x"}, Callback: other.URL + "/canary"})
	for _, umid := range []string{own.UMID, toAll.UMID} {
		c := other.finished(t, umid)
		c.good(t, cb.Secret)
	}
	for _, c := range app.got() {
		if e := c.told(t); e.Subject == own.UMID || e.Subject == toAll.UMID {
			t.Errorf("told elsewhere too: %s", c.body)
		}
	}
	if log := s.log.String(); strings.Contains(log, "canary") || strings.Contains(log, "whsec_") {
		t.Error("URL or secret in the log")
	}
}

func TestSenderIsToldAgain(t *testing.T) {
	s := newStand(t, []string{"policy.retry=1s"}, nil)
	app := startApplication(t)
	app.answer(http.StatusServiceUnavailable)
	s.room("newborn", demoPublisher)
	sender := s.as(s.token(demoPublisher))
	cb, err := sender.SetCallback(t.Context(), app.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := s.publish("newborn", v1.Publish{TransactionID: "t-1", Content: v1.Content{Text: "x"}, Recipients: []v1.Contact{{Email: "a@example.com"}}})
	first := app.finished(t, r.UMID)
	n := len(app.got())
	app.waitFor(t, n+1) // a second attempt
	rotated, err := sender.RotateCallback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	app.answer(http.StatusOK)
	n = len(app.got())
	calls := app.waitFor(t, n+1)
	last := calls[len(calls)-1]
	if last.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") || string(last.told(t).Data.UMID) != r.UMID {
		t.Errorf("%v, then %v", first.header, last.header)
	}
	last.good(t, cb.Secret)
	last.good(t, rotated.Secret)
	if err := sender.RemoveCallback(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := s.publish("newborn", v1.Publish{TransactionID: "t-2", Content: v1.Content{Text: "x"}, Recipients: []v1.Contact{{Email: "a@example.com"}}})
	s.stands(gone.UMID, v1.Counts{Sent: 1})
	s.collected()
	if _, err := sender.SetCallback(t.Context(), app.URL); err != nil {
		t.Fatal(err)
	}
	after := s.publish("newborn", v1.Publish{TransactionID: "t-3", Content: v1.Content{Text: "x"}, Recipients: []v1.Contact{{Email: "a@example.com"}}})
	app.finished(t, after.UMID)
	for _, c := range app.got() {
		if c.told(t).Subject == gone.UMID {
			t.Errorf("told although nobody was to be: %s", c.body)
		}
	}
}

// collected waits until all that has happened was looked at for callbacks.
func (s *stand) collected() {
	s.t.Helper()
	end, err := s.store.log.EventsEnd(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	await(s.t, busyFor, func() string {
		at, _, err := s.store.log.CallbackCursor(s.t.Context())
		if err != nil || at < end {
			return fmt.Sprintf("at event %d of %d, %v", at, end, err)
		}
		return ""
	})
}

// A gateway that dies between the answer and its own record tells the same again, under the same id; and what happened
// while it was dying is told as well.
func TestSenderIsToldAfterACrash(t *testing.T) {
	t.Parallel() // most of it is waiting
	program, store := buildProgram(t, "crashpoints"), filepath.Join(t.TempDir(), "store")
	app := startApplication(t)
	g := startGateway(t, program, store, "CRIER_CRASH=after-callback:1", "--set", "log.ackWait=2s")
	sender := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.Token))})
	cb, err := sender.SetCallback(t.Context(), app.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sender.Publish(t.Context(), demoRoom, v1.Publish{TransactionID: "t-1", Type: "reminder", Content: v1.Content{Text: "x", SMS: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	if !g.exited(busyFor) {
		t.Fatal("the process lives on")
	}
	before := app.got()
	startGateway(t, program, store, "CRIER_CRASH=", "--set", "log.ackWait=2s")
	app.finished(t, r.UMID)
	calls := app.waitFor(t, len(before)+1)
	again := false
	for _, c := range calls[len(before):] {
		c.good(t, cb.Secret)
		again = again || c.header.Get("Webhook-Id") == before[0].header.Get("Webhook-Id")
	}
	if last := calls[len(calls)-1].told(t); !again && last.ID == before[0].told(t).ID {
		t.Errorf("neither told again nor of anything later: %s", last.ID)
	}
}
