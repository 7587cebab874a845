package api

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
)

// What the document knows of a call's query is not refused, whatever comes of it; anything else is.
func TestQueriesOfTheDocument(t *testing.T) {
	s := newServer(newEngine())
	known, err := s.queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.routes() {
		for _, name := range known[r.method+" "+r.path] {
			if err := s.checkQuery(r, url.Values{name: {"x", "y"}}.Encode()); err != nil {
				t.Errorf("%s %s refuses its own %s: %v", r.method, r.path, name, err)
			}
		}
		if err := s.checkQuery(r, "colour=red"); err == nil {
			t.Errorf("%s %s takes an unknown parameter", r.method, r.path)
		}
	}
	for call, names := range map[string][]string{
		"GET /v1/rooms/{room}/failed":                {"limit", "cursor", "umid", "reason", "channel", "type", "since", "until"},
		"GET /v1/rooms/{room}/stream":                {"after", "since", "lane", "type"},
		"GET /v1/inlets/{provider}/{kind}":           {"token"},
		"POST /v1/rooms/{room}/messages":             {"faulty"},
		"GET /v1/messages/{umid}":                    nil,
		"GET /v1/policies/{policy}/diff":             {"from", "to"},
		"GET /v1/rooms/{room}/subscribers":           {"limit", "cursor"},
		"POST /v1/rooms/{room}/messages/preview":     nil,
		"GET /v1/messages/{umid}/deliveries":         {"limit", "cursor", "history"},
		"DELETE /v1/rooms/{room}/webhooks/{webhook}": nil,
	} {
		if !slices.Equal(known[call], names) {
			t.Errorf("%s has %v, want %v", call, known[call], names)
		}
	}
}

// Who misspells a filter is told so, with what there is, and does not get the whole list.
func TestMisspeltFilterIsRefused(t *testing.T) {
	s := newServer(newEngine())
	w := ask{"GET", "/v1/rooms/newborn/failed?message=" + umid, "boss", "", nil}.of(s)
	if p := problemIn(t, w); p.Code != v1.ProblemCodeInvalidParameter || p.Errors[0].Parameter != "message" || !strings.Contains(p.Errors[0].Detail, "umid") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = ask{"GET", "/v1/rooms/newborn/failed?channel=pigeon", "boss", "", nil}.of(s)
	if p := problemIn(t, w); p.Errors[0].Parameter != "channel" || !strings.Contains(p.Errors[0].Detail, "telegram") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, query := range []string{"%zz", "a;b", strings.Repeat("x", 1000)} {
		w := ask{"GET", "/v1/rooms?" + query, "boss", "", nil}.of(s)
		if p := problemIn(t, w); w.Code != 400 || len(p.Errors[0].Parameter) > 64 {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	}
	if w := (ask{"GET", "/v1/openapi.yaml?v=2", "", "", nil}).of(s); w.Code != 200 {
		t.Errorf("the document: %d", w.Code)
	}
}
