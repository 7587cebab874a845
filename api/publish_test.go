package api

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/publish/rules"
)

const full = `{"transactionId":"hosp-7-2026-0042","type":"reminder","lane":"bulk",
 "content": {"subject":"Vaccination",  "text":"Please come.\u0020","html":"<p>…</p>","sms":"Tue 9:00"} ,
 "recipients":[{"email":"a@example.com","name":"A"},{"phone":"+996555000111"}],
 "expiresAt":"2026-11-23T09:00:00+06:00","reference":"case 42"}`

func TestPublishHandsOnWhatWasSaid(t *testing.T) {
	e := newEngine()
	w := ask{"POST", "/v1/rooms/%6eewborn/messages", "hosp-7", full, nil}.of(newServer(e))
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	email, _ := rooms.ParseEmail("a@example.com")
	phone, _ := rooms.ParsePhone("+996555000111")
	want := publish.Request{
		Client: "hosp-7", Room: "newborn", Raw: []byte(full),
		TransactionID: "hosp-7-2026-0042", Reference: "case 42", Type: "reminder", Lane: rooms.Bulk,
		Content: []byte(`{"subject":"Vaccination",  "text":"Please come.\u0020","html":"<p>…</p>","sms":"Tue 9:00"}`),
		Direct:  true,
		Recipients: []rooms.Contact{
			{Channel: rooms.Email, Address: email, Name: rooms.NewBody("A")}, {Channel: rooms.SMS, Address: phone},
		},
		ExpiresAt: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC),
		From:      rooms.Sender{Organisation: "Ministry of Health", Email: parsed(t, rooms.ParseEmail, "noreply@health.example"), SMS: "HEALTH"},
	}
	if got := e.published[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestPublishAnswers(t *testing.T) {
	received := time.Date(2026, 11, 22, 8, 0, 0, 123_456_789, time.UTC)
	receipt := publish.Receipt{UMID: umid, Room: "newborn", ReceivedAt: received}
	duplicate := receipt
	duplicate.Duplicate = true
	plain := `{"receivedAt":"2026-11-22T08:00:00.123Z","response":"Message received","room":"newborn","umid":"` + umid + `"}`
	for _, tc := range []struct {
		name    string
		receipt publish.Receipt
		err     error
		status  int
		answer  string // code of a problem
		retry   string
	}{
		{"new", receipt, nil, 202, plain, ""},
		{"repeated", duplicate, nil, 200, `{"duplicate":true,` + plain[1:], ""},
		{"conflict", publish.Receipt{}, publish.ErrConflict, 409, "transaction_conflict", ""},
		{"full", publish.Receipt{}, publish.ErrFull, 503, "queue_full", "10"},
		{"unavailable", publish.Receipt{}, publish.ErrUnavailable, 503, "unavailable", "2"},
		{"lane", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrLane}, 403, "lane_forbidden", ""},
		{"type", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrType}, 403, "type_forbidden", ""},
		{"long", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrLong}, 422, "content_too_long", ""},
		{"not as the schema", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrContent}, 422, "content_invalid", ""},
		{"checked", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrRefused}, 422, "check_refused", ""},
		{"unchecked", publish.Receipt{}, &rules.Refusal{Kind: rules.ErrNoAnswer}, 503, "check_unavailable", "10"},
		{"anything else", publish.Receipt{}, errors.New("open /var/lib/secret: a@example.com"), 500, "internal", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEngine()
			e.receipt, e.err = tc.receipt, tc.err
			w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", good, nil}.of(newServer(e))
			if w.Code != tc.status || w.Header().Get("Retry-After") != tc.retry {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if tc.err == nil && !sameJSON(t, w.Body.Bytes(), tc.answer) {
				t.Errorf("%s, want %s", w.Body, tc.answer)
			}
			if tc.err != nil && string(problemIn(t, w).Code) != tc.answer {
				t.Errorf("%s, want %s", w.Body, tc.answer)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("shows the inside: %s", w.Body)
			}
		})
	}
}

func sameJSON(t *testing.T, got []byte, want string) bool {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(a, b)
}

func TestNamingRecipientsNeedsDirect(t *testing.T) {
	for client, want := range map[string]int{"hosp-7": 202, "hosp-8": 403, "boss": 403} {
		e := newEngine()
		w := ask{"POST", "/v1/rooms/newborn/messages", client, full, nil}.of(newServer(e))
		if w.Code != want || (want == 403) != (e.count() == 0) {
			t.Errorf("%s: %d %s", client, w.Code, w.Body)
		}
		if want == 403 && problemIn(t, w).Code != "direct_forbidden" {
			t.Errorf("%s: %s", client, w.Body)
		}
	}
}

// What changes the platform is on record before it is answered; a message that was accepted is on
// record in the room's log.
func TestChangeIsAuditedBeforeTheAnswer(t *testing.T) {
	e := newEngine()
	e.auditErr = errors.New("disk")
	s := newServer(e)
	w := ask{"POST", "/v1/rooms", "root+admin", `{"name":"fresh"}`, nil}.of(s)
	if p := problemIn(t, w); p.Code != "unavailable" || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := (ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", good, nil}).of(s); w.Code != 202 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(e.recorded) != 1 || len(e.noted) != 2 || e.noted[1].Code != 202 || e.noted[1].IDs["umid"] != umid {
		t.Errorf("recorded %+v, noted %+v", e.recorded, e.noted)
	}
}

func TestPanicShowsNothing(t *testing.T) {
	e := newEngine()
	e.panics = true
	var log bytes.Buffer
	w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", good, nil}.of(serverOn(e, Options{}, &log))
	if p := problemIn(t, w); p.Code != "internal" {
		t.Errorf("%s", w.Body)
	}
	if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), ".go") {
		t.Errorf("shows the inside: %s", w.Body)
	}
	if !strings.Contains(log.String(), "panic of string") || strings.Contains(log.String(), "secret inside") {
		t.Errorf("log: %s", &log)
	}
}

func TestRequestID(t *testing.T) {
	s := newServer(newEngine())
	for given, kept := range map[string]bool{"abc-1.2_X": true, "": false, "a b": false, "a@example.com": false, strings.Repeat("x", 65): false} {
		got := ask{"GET", "/healthz", "", "", []string{"X-Request-Id", given}}.of(s).Header().Get("X-Request-Id")
		if (got == given) != kept || got == "" {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func BenchmarkPublishHandler(b *testing.B) {
	e := newEngine()
	s := serverOn(e, Options{}, io.Discard)
	s.deps.Audit, s.deps.Publisher, s.log = quiet{}, quiet{}, quietLog()
	r := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", "x", nil}.request()
	b.ReportAllocs()
	for b.Loop() {
		body := strings.NewReader(full)
		r.Body, r.ContentLength = io.NopCloser(body), int64(len(full))
		w := &sink{header: r.Header.Clone()}
		if s.Handler().ServeHTTP(w, r); w.status != 202 {
			b.Fatal(w.status)
		}
	}
}
