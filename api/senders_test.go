package api

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// sendersOf is the registry on what the engine keeps.
func sendersOf(e *engine) *registry.Senders {
	s := registry.NewSenders(senderStore{e}, slog.New(slog.DiscardHandler))
	_ = s.Load(context.Background()) // which does not fail
	return s
}

// senderStore keeps registrations as the log does.
type senderStore struct{ *engine }

func (s senderStore) PutSender(_ context.Context, r rooms.Registration, after uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(len(s.senders)) != after {
		return 0, stream.ErrRevision
	}
	r.Entry = after + 1
	s.senders = append(s.senders, r)
	return r.Entry, nil
}

func (s senderStore) Senders(_ context.Context, from uint64) (all []rooms.Registration, last uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.senders {
		if last = one.Entry; one.Entry >= from {
			all = append(all, one)
		}
	}
	return all, last, nil
}

func (e *engine) Used(_ context.Context, _ rooms.Client, room rooms.Room, _ rooms.PolicyRules) (all []rooms.QuotaUse, err error) {
	for _, one := range e.used {
		if one.Room == room {
			all = append(all, one)
		}
	}
	return all, e.err
}

func parsed(t *testing.T, parse func(string) (rooms.Address, error), s string) rooms.Address {
	t.Helper()
	a, err := parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Nobody sends in another's name, however he writes it, by HTTP or by NATS.
func TestNobodySendsInAnothersName(t *testing.T) {
	for _, tc := range []struct {
		client, from string
		want         string // e-mail, SMS and organisation of what is published; empty: refused
	}{
		{"hosp-7", ``, "noreply@health.example HEALTH Ministry of Health"},
		{"hosp-7", `{"email":"NOREPLY@Health.Example"}`, "noreply@health.example HEALTH Ministry of Health"},
		{"hosp-7", `{"sms":"Health"}`, "noreply@health.example HEALTH Ministry of Health"},
		{"hosp-7", `{"email":"minister@health.example"}`, ""},
		{"hosp-7", `{"email":"noreply@heаlth.example"}`, ""}, // with a Cyrillic а
		{"hosp-7", `{"email":"noreply@xn--helth-3ve.example"}`, ""},
		{"hosp-7", `{"email":"noreply@health.example","sms":"TAX"}`, ""},
		{"hosp-8", ``, "  "},
		{"hosp-8", `{"email":"noreply@health.example"}`, ""},
		{"hosp-8", `{"email":"Noreply@HEALTH.example"}`, ""},
		{"hosp-8", `{"sms":"HEALTH"}`, ""},
		{"hosp-8", `{"sms":"health"}`, ""},
	} {
		body := good
		if tc.from != "" {
			body = with(`"from":` + tc.from)
		}
		e := newEngine()
		a := newServer(e).PublishOverNATS(t.Context(), broker.Question{Subject: rooms.PublishedBy(rooms.Client(tc.client), "newborn"), Body: []byte(body)})
		w := ask{"POST", "/v1/rooms/newborn/messages", tc.client, body, nil}.of(newServer(e))
		if a.Code != w.Code || (w.Code == 202) != (tc.want != "") || w.Code != 202 && !strings.Contains(w.Body.String(), `"sender_forbidden"`) {
			t.Errorf("%s %s: %d, over NATS %d, %s", tc.client, tc.from, w.Code, a.Code, w.Body)
		}
		if (e.count() == 2) != (tc.want != "") {
			t.Errorf("%s %s: %d published", tc.client, tc.from, e.count())
		}
		for _, r := range e.published {
			if got := r.From.Email.Reveal() + " " + r.From.SMS + " " + r.From.Organisation; got != tc.want {
				t.Errorf("%s %s: from %q", tc.client, tc.from, got)
			}
		}
	}
}

func TestEveryPublisherIsRegistered(t *testing.T) {
	e := newEngine()
	s := serverOn(e, Options{Senders: SendersRequired}, t.Output())
	for client, want := range map[string]int{"hosp-7": 202, "hosp-8": 403} {
		if w := (ask{"POST", "/v1/rooms/newborn/messages", client, good, nil}).of(s); w.Code != want {
			t.Errorf("%s: %d %s", client, w.Code, w.Body)
		}
	}
}

func TestRegisteredClients(t *testing.T) {
	s := newServer(newEngine())
	const tax = `{"organisation":"Tax Office","email":["noreply@tax.example"],"sms":["TAX"]}`
	for _, tc := range []struct {
		ask  ask
		code int
		want string
	}{
		{ask{"GET", "/v1/clients/hosp-7", "hosp-7", "", nil}, 200, `"organisation":"Ministry of Health"`},
		{ask{"PUT", "/v1/clients/tax-1", "root+admin", tax, nil}, 201, `"client":"tax-1"`},
		{ask{"PUT", "/v1/clients/tax-1", "root+admin", tax, nil}, 428, `"revision_required"`},
		{ask{"PUT", "/v1/clients/tax-1", "root+admin", tax, []string{"If-Match", `"1"`}}, 412, `"revision_mismatch"`},
		{ask{"PUT", "/v1/clients/tax-1", "root+admin", tax, []string{"If-Match", `"2"`}}, 200, `"sms":["TAX"]`},
		{ask{"PUT", "/v1/clients/tax-2", "root+admin", tax, nil}, 201, `"Tax Office"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","email":["*@tax.example"]}`, nil}, 409, `"sender_taken"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","sms":["tax"]}`, nil}, 409, `"sender_taken"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","email":["info@tаx.example","a@b.example","A@b.example"],"sms":["TOOLONGSENDER",7],"x":1}`, nil}, 400, `"pointer":"/email/2"`},
		{ask{"PUT", "/v1/clients/y", "root+admin", `{"organisation":"Y","names":["Why","Y."],"registrationNumber":"GOV1","replies":"full"}`, nil}, 201, `"names":["Why","Y."],"organisation":"Y","registrationNumber":"GOV1","replies":"full"`},
		{ask{"GET", "/v1/clients/y", "root+admin", "", nil}, 200, `"replies":"full"`},
		{ask{"GET", "/v1/clients/hosp-7", "hosp-7", "", nil}, 200, `"replies":"ids"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","names":["a","A"]}`, nil}, 400, `"pointer":"/names/1"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","registrationNumber":"\u202e1"}`, nil}, 400, `"pointer":"/registrationNumber"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{"organisation":"X","replies":"all"}`, nil}, 400, `"pointer":"/replies"`},
		{ask{"PUT", "/v1/clients/x", "root+admin", `{}`, nil}, 400, `"pointer":"/organisation"`},
		{ask{"PUT", "/v1/clients/x%20y", "root+admin", tax, nil}, 400, `"parameter":"client"`},
		{ask{"GET", "/v1/clients", "eye+auditor", "", nil}, 200, `"client":"tax-2"`},
		{ask{"DELETE", "/v1/clients/tax-1", "root+admin", "", nil}, 204, ``},
		{ask{"DELETE", "/v1/clients/tax-1", "root+admin", "", nil}, 404, `"unknown_client"`},
		{ask{"GET", "/v1/clients/tax-1", "tax-1", "", nil}, 404, `"unknown_client"`},
	} {
		w := tc.ask.of(s)
		if w.Code != tc.code || !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s %s: %d %s", tc.ask.method, tc.ask.path, w.Code, w.Body)
		}
		if w.Code < 300 && tc.ask.method != "DELETE" && tc.ask.path != "/v1/clients" && w.Header().Get("ETag") == "" {
			t.Errorf("%s %s: no ETag", tc.ask.method, tc.ask.path)
		}
	}
}

func TestRateLimitHeaders(t *testing.T) {
	const limit, remaining, reset, after = "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"
	for _, tc := range []struct {
		name  string
		left  rooms.Allowance
		err   error
		code  int
		wants string
		want  map[string]string
	}{
		{"no quota", rooms.Allowance{}, nil, 202, "umid", map[string]string{}},
		{"some left", rooms.Allowance{Limit: 600, Remaining: 597, Reset: 57100 * time.Millisecond}, nil, 202, "umid", map[string]string{limit: "600", remaining: "597", reset: "58"}},
		{"used up", rooms.Allowance{}, &rooms.QuotaError{Allowance: rooms.Allowance{Limit: 600, Reset: time.Minute}}, 429, "publish_quota_exceeded",
			map[string]string{limit: "600", remaining: "0", reset: "60", after: "60"}},
		{"not known", rooms.Allowance{}, fmt.Errorf("%w: lag", rooms.ErrQuotaUnknown), 503, "quota_unknown", map[string]string{after: "2"}},
	} {
		e := newEngine()
		e.receipt.Allowance, e.err = tc.left, tc.err
		s := newServer(e)
		w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", good, nil}.of(s)
		a := s.PublishOverNATS(t.Context(), broker.Question{Subject: rooms.PublishedBy("hosp-7", "newborn"), Body: []byte(good)})
		if w.Code != tc.code || a.Code != tc.code || !strings.Contains(w.Body.String(), tc.wants) || !strings.Contains(string(a.Body), tc.wants) {
			t.Errorf("%s: %d %s, over NATS %d %s", tc.name, w.Code, w.Body, a.Code, a.Body)
		}
		for _, name := range []string{limit, remaining, reset, after} {
			got := strings.Join(w.Result().Header.Values(name), ",")
			if got != tc.want[name] || a.Header[name] != tc.want[name] {
				t.Errorf("%s: %s is %q, over NATS %q, want %q", tc.name, name, got, a.Header[name], tc.want[name])
			}
		}
	}
}

func TestQuotaIsShown(t *testing.T) {
	e := newEngine()
	e.used = []rooms.QuotaUse{
		{PerMinute: rooms.Allowance{Limit: 600, Remaining: 597, Reset: 57100 * time.Millisecond}},
		{Room: "newborn", Lane: rooms.Bulk, PerDay: rooms.Allowance{Limit: 10, Remaining: 0, Reset: time.Hour}},
		{Room: "taxes", PerDay: rooms.Allowance{Limit: 10}},
	}
	got := ask{"GET", "/v1/quota", "hosp-7", "", nil}.of(newServer(e)).Body.String()
	const want = `{"quotas":[{"perMinute":{"limit":600,"remaining":597,"reset":58}},{"lane":"bulk","perDay":{"limit":10,"remaining":0,"reset":3600},"room":"newborn"}]}`
	if got != want {
		t.Errorf("%s\n%s", got, want)
	}
}
