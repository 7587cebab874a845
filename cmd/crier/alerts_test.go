package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// An alert that is an emergency awaits a second person, as any emergency does. Nobody reads it before; an alert whose place it
// is to take stands until then.
func TestAlertsAwaitASecondPerson(t *testing.T) {
	s := newStand(t, []string{"policy.release=two-person"}, nil)
	if _, err := s.know.rooms.Create(t.Context(), rooms.RoomConfig{Name: "coast", Publishers: []rooms.Publisher{{Client: demoPublisher}, {Client: demoAdmin}},
		Readers: []rooms.Client{demoReader}, Alerts: rooms.RoomAlerts{Public: true}}); err != nil {
		t.Fatal(err)
	}
	at := s.app.URL() + "/v1/rooms/coast/alerts"
	publish := func(raw string) string {
		t.Helper()
		a := ask(t, http.MethodPost, at, s.token(demoPublisher), raw, "Content-Type", "application/cap+xml")
		if a.status != http.StatusAccepted {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return a.UMID
	}
	feed := func() string {
		t.Helper()
		return ask(t, http.MethodGet, at, s.token(demoReader), "").body
	}
	first := publish(stormAlert("one"))
	urgent := strings.NewReplacer("Future", "Immediate", "Minor", "Extreme", ">Alert<", ">Update<",
		"<info>", "<references>met.example,one,2026-11-22T13:00:00+02:00</references><info>").Replace(stormAlert("two"))
	second := publish(urgent)
	if text := feed(); !strings.Contains(text, first) || strings.Contains(text, second) {
		t.Errorf("while the second awaits release the feed is %s", text)
	}
	for _, token := range []string{"", s.token(demoReader)} {
		if a := ask(t, http.MethodGet, at+"/"+second, token, ""); a.status != http.StatusNotFound {
			t.Errorf("an alert that awaits release is answered with %d", a.status)
		}
	}
	release := s.app.URL() + "/v1/messages/" + second + "/release"
	if a := ask(t, http.MethodPost, release, s.token(demoPublisher), ""); a.status != http.StatusForbidden {
		t.Errorf("released by its author: %d %s", a.status, a.body)
	}
	if a := ask(t, http.MethodPost, release, s.token(demoAdmin), ""); a.status != http.StatusOK {
		t.Fatalf("released: %d %s", a.status, a.body)
	}
	await(t, busyFor, func() string {
		if text := feed(); strings.Contains(text, first) || !strings.Contains(text, second) {
			return text
		}
		return ""
	})
	if a := ask(t, http.MethodGet, at+"/"+second, "", ""); a.body != urgent {
		t.Errorf("without a token: %d %s", a.status, a.body)
	}
	if a := ask(t, http.MethodPost, at, s.token(demoPublisher), urgent, "Content-Type", "text/xml"); a.status != http.StatusOK || a.UMID != second {
		t.Errorf("published again: %d %s", a.status, a.body)
	}
}
