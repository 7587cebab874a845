package api

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// callers are who may call: clients of the room "newborn", of none, and holders of platform roles.
func callers() map[string]string {
	return map[string]string{
		"admin": "root+admin", "auditor": "eye+auditor", "dpo": "officer+dpo",
		"boss": "boss", "author": "hosp-7", "publisher": "hosp-8", "stranger": "other",
		"reader": "clinic-4", "by claim": "other+publisher+subscriber", "nobody": "",
	}
}

func TestAuthorisationMatrix(t *testing.T) {
	const m, room, open = "/v1/messages/" + umid, "/v1/rooms/newborn", "/v1/rooms/taxes"
	ledger := "/consumers/" + clinicConsumer("ledger").String()
	sees := func(name string) bool { return name == "admin" || name == "auditor" }
	for _, tc := range []struct {
		method, path, body string
		allowed            string // callers
		refusal            int    // of others who have a token
	}{
		{"POST", room + "/messages", good, "boss author publisher", 403},
		{"POST", room + "/messages/preview", good, "boss author publisher", 403},
		{"POST", room + "/alerts", alert(), "boss author publisher", 403},
		{"GET", room + "/alerts", "", "boss reader", 403},
		{"GET", room + "/alerts/" + alertID, "", "boss reader", 403},
		{"GET", room + "/messages", "", "admin auditor boss author publisher", 403},
		{"GET", m, "", "admin auditor boss author", 404},
		{"GET", m + "/content", "", "boss author publisher", 404},
		{"POST", m + "/release", "", "boss author publisher", 404},
		{"POST", m + "/reject", "", "boss author publisher", 404},
		{"GET", m + "/deliveries", "", "admin auditor boss author", 404},
		{"POST", m + "/pause", "", "boss author", 404},
		{"POST", m + "/resume", "", "boss author", 404},
		{"POST", m + "/cancel", "", "boss author", 404},
		{"POST", m + "/resend", "", "boss author", 404},
		{"POST", m + "/drop", "", "boss author", 404},
		{"GET", room + "/failed", "", "admin auditor boss author publisher", 403},
		{"POST", room + "/failed/resend", `{}`, "boss author publisher", 403},
		{"POST", room + "/failed/drop", `{}`, "boss author publisher", 403},
		{"POST", "/v1/rooms", `{"name":"fresh"}`, "admin", 403},
		{"GET", "/v1/rooms", "", "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"GET", room, "", "admin auditor boss author publisher reader", 403},
		{"GET", "/v1/connections", "", "admin", 403},
		{"GET", "/v1/blocked", "", "admin auditor", 403},
		{"PUT", "/v1/blocked/hosp-9", "", "admin", 403},
		{"DELETE", "/v1/blocked/hosp-9", "", "admin", 403},
		{"GET", "/v1/clients", "", "admin auditor", 403},
		{"GET", "/v1/clients/hosp-7", "", "admin auditor author", 403},
		{"GET", "/v1/clients/%68osp-7", "", "admin auditor author", 403},
		{"PUT", "/v1/clients/hosp-7", `{"organisation":"Health"}`, "admin", 403},
		{"DELETE", "/v1/clients/hosp-7", "", "admin", 403},
		{"POST", "/v1/clients/hosp-7/keys", "", "admin", 403},
		{"GET", "/v1/clients/hosp-7/keys", "", "admin auditor author", 403},
		{"DELETE", "/v1/clients/hosp-7/keys/" + goodKeyID, "", "admin", 403},
		{"GET", "/v1/quota", "", "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"HEAD", room + "/stream", "", "boss reader", 403},
		{"POST", "/v1/policies", `{"name":"fresh"}`, "admin boss", 403},
		{"GET", "/v1/policies", "", "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"POST", "/v1/policies/patient", `{}`, "boss", 403},
		{"GET", publishedOne, "", "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"GET", "/v1/policies/patient/diff?from=1&to=1", "", "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"GET", "/v1/policies/patient/diff?from=1&to=2", "", "admin dpo boss", 404},
		{"GET", draftedOne, "", "admin dpo boss", 404},
		{"DELETE", draftedOne, "", "boss", 403},
		{"PUT", "/v1/policies/patient/author", `{"client":"hosp-7"}`, "admin", 403},
		{"PUT", draftedOne, `{"expiry":"2h"}`, "boss", 403},
		{"POST", draftedOne + "/submit", "", "boss", 403},
		{"POST", submittedOne + "/approve", "", "dpo", 403},
		{"POST", approvedOne + "/publish", "", "boss", 403},
		{"POST", publishedOne + "/retire", "", "boss", 403},
		{"PUT", "/v1/callback", `{"url":"https://app.example/"}`, "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"PUT", room, `{"title":"x"}`, "admin boss", 403},
		{"DELETE", room, "", "admin", 403},
		{"POST", room + "/subscribers", `{"email":"a@example.com"}`, "admin boss", 403},
		{"GET", room + "/subscribers", "", "admin boss", 403},
		{"DELETE", room + "/subscribers/" + subscriber, "", "admin boss", 403},
		{"GET", room + "/subscribers/" + subscriber, "", "admin boss", 403},
		{"PATCH", room + "/subscribers/" + subscriber, `{"language":"de"}`, "admin boss", 403},
		{"POST", room + "/subscribers/" + subscriber + "/pause", `{}`, "admin boss", 403},
		{"POST", room + "/subscribers/" + subscriber + "/resume", "", "admin boss", 403},
		{"POST", room + "/subscribers/" + subscriber + "/approve", "", "admin boss", 403},
		{"POST", room + "/subscribers/" + subscriber + "/decline", "", "admin boss", 403},
		{"POST", room + "/subscribers/" + subscriber + "/confirm", `{"code":"` + goodCode + `"}`, "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"POST", open + "/requests", `{"email":"a@example.com"}`, "admin auditor dpo boss author publisher reader stranger by-claim", 0},
		{"GET", "/v1/providers", "", "admin auditor", 403},
		{"GET", "/v1/providers/email/first", "", "admin auditor", 403},
		{"PUT", "/v1/providers/email/first", `{"state":"drained"}`, "admin", 403},
		{"POST", "/v1/providers/email/first/test", `{"email":"a@example.com"}`, "admin", 403},
		{"GET", room + "/replies", "", "boss author publisher", 403},
		{"GET", room + "/replies/17", "", "boss author publisher", 403},
		{"DELETE", room + "/replies/17", "", "boss author publisher", 403},
		{"GET", "/v1/unmatched", "", "admin dpo", 403},
		{"POST", "/v1/unmatched/18/release", `{"room":"newborn"}`, "admin dpo", 403},
		{"DELETE", "/v1/unmatched/18", "", "admin dpo", 403},
		{"GET", "/v1/suppressions", "", "admin dpo", 403},
		{"POST", "/v1/suppressions/find", `{"email":"a@example.com"}`, "admin dpo", 403},
		{"DELETE", "/v1/suppressions/" + subscriber, "", "admin dpo", 403},
		{"POST", "/v1/persons/export", `{"email":"a@example.com"}`, "dpo", 403},
		{"POST", "/v1/persons/erase", `{"email":"a@example.com"}`, "dpo", 403},
		{"POST", room + "/webhooks", `{"url":"https://app.example/"}`, "boss reader", 403},
		{"GET", room + "/webhooks", "", "admin boss reader", 403},
		{"POST", room + "/webhooks/" + hookID + "/secret", "", "reader", 403},
		{"DELETE", room + "/webhooks/" + hookID, "", "admin boss reader", 403},
		{"POST", room + "/consumers", `{"name":"fresh"}`, "boss reader", 403},
		{"GET", room + "/consumers", "", "admin boss reader", 403},
		{"GET", room + ledger, "", "admin boss reader", 403},
		{"DELETE", room + ledger, "", "admin boss reader", 403},
		{"POST", room + ledger + "/reset", `{"from":"all"}`, "reader", 403},
		{"POST", room + ledger + "/pull", `{}`, "reader", 403},
		{"POST", room + ledger + "/ack", `{}`, "reader", 403},
	} {
		for name, token := range callers() {
			want := tc.refusal
			if token == "" {
				want = 401
			} else if strings.Contains(" "+tc.allowed+" ", " "+strings.ReplaceAll(name, " ", "-")+" ") {
				want = 200
			} else if want == 404 && sees(name) && strings.HasPrefix(tc.path, "/v1/messages/") { // it is there for them
				want = 403
			}
			e := newEngine()
			e.open("taxes")
			e.shown(alertID, "hosp-7", alert("met-1", "met-0"))
			header := []string{"If-Match", etagOf(tc.path)}
			if strings.HasPrefix(tc.body, "<") {
				header = append(header, asCAP()...)
			}
			w := ask{tc.method, tc.path, token, tc.body, header}.of(newServer(e))
			if got := w.Code; got != want && (want != 200 || got < 200 || got > 204) {
				t.Errorf("%s %s by %s: %d, want %d", tc.method, tc.path, name, got, want)
			}
			if want == 200 {
				refusesUnknownParameter(t, tc.method, tc.path, token, header)
			}
			if w.Code >= 400 && (len(e.consumers) != 1 || e.count() > 0 || len(e.contacts) > 0 || len(e.people) != 1 || len(e.hooks) != 1 || len(e.hooks[0].To.Signing) != 1 || len(e.rooms) != 2 || e.rooms["newborn"].Revision != 7 || e.drafted() != 4 || len(e.decided) > 0 || e.tried > 0 || e.use.Entry != 7 || e.resent > 0 || len(e.senders) != 1 || len(e.apiKeys) != 2) {
				t.Errorf("%s %s by %s: refused, and done all the same", tc.method, tc.path, name)
			}
		}
	}
}

// refusesUnknownParameter has a call refused for a parameter of its query that no call has.
func refusesUnknownParameter(t *testing.T, method, path, token string, header []string) {
	t.Helper()
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	w := ask{method, path + mark + "colour=red", token, "", header}.of(newServer(newEngine()))
	if p := problemIn(t, w); w.Code != 400 || p.Code != v1.ProblemCodeInvalidParameter || p.Errors[0].Parameter != "colour" || p.Errors[0].Code != v1.FaultCodeUnknownMember {
		t.Errorf("%s %s with an unknown parameter: %d %s", method, path, w.Code, w.Body)
	}
}

// etagOf is that of the room, or of the revision of a policy in a path.
func etagOf(path string) string {
	for i, one := range []string{publishedOne, submittedOne, draftedOne, approvedOne} {
		if strings.HasPrefix(path, one) {
			return fmt.Sprintf("%q", strconv.Itoa(i+1))
		}
	}
	if strings.HasPrefix(path, "/v1/clients/") {
		return `"1"`
	}
	if strings.Contains(path, subscriber) {
		return `"5"`
	}
	return `"7"`
}

func TestRoomsAreListedForTheirOwn(t *testing.T) {
	for name, want := range map[string]string{
		"admin": "newborn taxes", "auditor": "newborn taxes", "boss": "newborn", "publisher": "newborn", "reader": "newborn", "stranger": "", "dpo": "", "by claim": "",
	} {
		body := ask{"GET", "/v1/rooms", callers()[name], "", nil}.of(newServer(newEngine())).Body.String()
		for _, room := range []string{"newborn", "taxes"} {
			if strings.Contains(body, room) != strings.Contains(want, room) {
				t.Errorf("%s sees %s, want %q", name, body, want)
			}
		}
	}
}

func TestPublisherSeesOwnMessagesOnly(t *testing.T) {
	for token, sees := range map[string]bool{"hosp-7": true, "hosp-8": false, "boss": true} {
		body := ask{"GET", "/v1/rooms/newborn/messages", token, "", nil}.of(newServer(newEngine())).Body.String()
		if strings.Contains(body, umid) != sees {
			t.Errorf("%s: %s", token, body)
		}
	}
}

func TestTokenProblems(t *testing.T) {
	s := newServer(newEngine())
	seen := map[string]bool{}
	for _, kind := range oidc.Kinds() {
		w := ask{"GET", "/v1/rooms", "!" + strings.ReplaceAll(string(kind), " ", "_"), "", nil}.of(s)
		p := problemIn(t, w)
		unavailable := kind == oidc.ErrUnavailable
		if seen[string(p.Code)] || !unavailable && w.Code != 401 || unavailable && w.Code != 503 {
			t.Errorf("%q: %d %s", kind, w.Code, p.Code)
		}
		if got := w.Header().Get("WWW-Authenticate"); strings.HasPrefix(got, "Bearer ") == unavailable {
			t.Errorf("%q: WWW-Authenticate %q", kind, got)
		}
		seen[string(p.Code)] = true
	}
}

func TestAuthorizationHeader(t *testing.T) {
	s := newServer(newEngine())
	for header, want := range map[string]string{
		"":                   "token_missing",
		"Basic YTpi":         "token_missing",
		"Bearer":             "token_malformed",
		"Bearer ":            "token_malformed",
		"Bearer a b":         "token_malformed",
		"Bearer a, Bearer b": "token_malformed",
		"Bearer ä":           "token_malformed", // no client has such a name
	} {
		a := ask{"GET", "/v1/rooms", "", "", []string{"Authorization", header}}
		if header == "" {
			a.header = nil
		}
		if p := problemIn(t, a.of(s)); string(p.Code) != want {
			t.Errorf("%q: %s, want %s", header, p.Code, want)
		}
	}
	two := ask{"GET", "/v1/rooms", "hosp-7", "", nil}.request()
	two.Header.Add("Authorization", "Bearer boss")
	w := httptest.NewRecorder()
	if s.Handler().ServeHTTP(w, two); w.Code != 401 {
		t.Errorf("two tokens: %d", w.Code)
	}
	r := ask{"GET", "/v1/rooms?access_token=hosp-7", "", "", nil}
	if p := problemIn(t, r.of(s)); p.Code != "token_missing" {
		t.Errorf("a token in the query: %s", p.Code)
	}
}

func TestEveryCodeHasOneEntry(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range problem.Catalogue() {
		if seen[string(e.Code)] || !e.Code.Valid() || e.Title == "" || e.Advice == "" || (e.RetryAfter > 0) != (e.Status == 503 || e.Status == 429) {
			t.Errorf("%+v", e)
		}
		seen[string(e.Code)] = true
	}
}
