package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

func TestBlockedClientsAreRefused(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	if w := (ask{"PUT", "/v1/blocked/hosp-7", "root+admin", "", nil}).of(s); w.Code != 201 || !strings.Contains(w.Body.String(), `"by":"root"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := (ask{"PUT", "/v1/blocked/hosp-7", "other+admin", "", nil}).of(s); w.Code != 200 || !strings.Contains(w.Body.String(), `"by":"root"`) {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/v1/rooms", "/v1/rooms/newborn", "/v1/messages/" + umid} {
		if w := (ask{"GET", path, "hosp-7", "", nil}).of(s); w.Code != 403 || !strings.Contains(w.Body.String(), `"client_blocked"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := (ask{"PUT", "/v1/blocked/root", "root+admin", "", nil}).of(s); w.Code != 400 {
		t.Errorf("oneself: %d", w.Code)
	}
	if w := (ask{"DELETE", "/v1/blocked/hosp-7", "root+admin", "", nil}).of(s); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := (ask{"GET", "/v1/rooms/newborn", "hosp-7", "", nil}).of(s); w.Code != 200 {
		t.Errorf("let in again: %d %s", w.Code, w.Body)
	}
}

// No token makes anybody the gateway itself.
func TestNobodyIsTheGateway(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for _, path := range []string{"/v1/rooms", "/v1/rooms/newborn"} {
		if w := (ask{"GET", path, string(rooms.Gateway) + "+admin", "", nil}).of(s); w.Code != 403 || !strings.Contains(w.Body.String(), `"client_blocked"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	a := s.PublishOverNATS(t.Context(), broker.Question{Subject: rooms.PublishedBy(rooms.Gateway, "newborn"), Body: []byte(good)})
	if a.Code != 403 || !strings.Contains(string(a.Body), `"client_blocked"`) || e.count() != 0 {
		t.Errorf("over NATS: %d %s", a.Code, a.Body)
	}
}

func TestPublishOverNATS(t *testing.T) {
	for _, tc := range []struct {
		client, room, body string
		code               int
		want               string
	}{
		{"hosp-7", "newborn", good, http.StatusAccepted, `"umid":"` + umid + `"`},
		{"hosp-7", "newborn", "x", http.StatusBadRequest, `"code":"invalid_json"`},
		{"hosp-7", "newborn", "", http.StatusBadRequest, `"code":"invalid_json"`},
		{"hosp-7", "newborn", good + strings.Repeat(" ", 4<<20), http.StatusRequestEntityTooLarge, `"code":"body_too_large"`},
		{"hosp-7", "none", good, http.StatusNotFound, `"code":"unknown_room"`},
		{"hosp-7", "a%2fb", good, http.StatusForbidden, ""},
		{"hosp-7", "taxes", good, http.StatusForbidden, `"code":"forbidden"`},
		{"clinic-4", "newborn", good, http.StatusForbidden, `"code":"forbidden"`},
		{"bad", "newborn", good, http.StatusForbidden, `"code":"client_blocked"`},
		{"", "newborn", good, http.StatusForbidden, ""},
	} {
		e := newEngine()
		e.blocked = []rooms.Blocked{{Client: "bad"}}
		a := newServer(e).PublishOverNATS(t.Context(), broker.Question{Subject: rooms.PublishedBy(rooms.Client(tc.client), rooms.Room(tc.room)), Body: []byte(tc.body)})
		if a.Code != tc.code || !strings.Contains(string(a.Body), tc.want) {
			t.Errorf("%s to %s: %d %s", tc.client, tc.room, a.Code, a.Body)
		}
		if (e.count() == 1) != (tc.code < 300) {
			t.Errorf("%s to %s: %d published", tc.client, tc.room, e.count())
		}
		if e.count() == 1 && string(e.published[0].Raw) != tc.body {
			t.Errorf("%q", e.published[0].Raw)
		}
		if n := len(e.noted); n != 1 && len(a.Body) > 0 {
			t.Errorf("%d on record", n)
		}
	}
}
