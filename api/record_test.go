package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/audit"
)

func TestEveryCallIsRecordedOnce(t *testing.T) {
	oneClick := []string{"Content-Type", "application/x-www-form-urlencoded"}
	const room, m = "/v1/rooms/newborn", "/v1/messages/" + umid
	for _, tc := range []struct {
		ask    ask
		source string
		ids    string // but the request's
		status string
		code   int
		before bool // durable before the answer
	}{
		{ask{"POST", room + "/messages", "hosp-7", good, nil}, "hosp-7", "room:newborn umid:" + umid, audit.Success, 202, false},
		{ask{"POST", room + "/messages/preview", "hosp-7", good, nil}, "hosp-7", "room:newborn", audit.Success, 200, false},
		{ask{"POST", room + "/messages/preview", "hosp-7", "x", nil}, "hosp-7", "room:newborn", audit.Failed, 400, false},
		{ask{"POST", room + "/messages", "hosp-7", "x", nil}, "hosp-7", "room:newborn", audit.Failed, 400, false},
		{ask{"POST", room + "/alerts", "hosp-7", alert(), asCAP()}, "hosp-7", "room:newborn umid:" + umid, audit.Success, 202, false},
		{ask{"POST", room + "/alerts", "hosp-7", "x", asCAP()}, "hosp-7", "room:newborn", audit.Failed, 400, false},
		{ask{"GET", room + "/alerts", "clinic-4", "", nil}, "clinic-4", "room:newborn", audit.Success, 200, false},
		{ask{"GET", room + "/alerts", "", "", nil}, "unknown", "", audit.Failed, 401, false},
		{ask{"POST", room + "/messages", "", good, nil}, "unknown", "", audit.Failed, 401, false},
		{ask{"POST", "/v1/rooms/a%40b.c/messages", "hosp-7", good, nil}, "hosp-7", "", audit.Failed, 400, false},
		{ask{"POST", room + "/subscribers", "boss", `{"email":"a@example.com"}`, nil}, "boss", "room:newborn subscriber:" + subscriber, audit.Success, 201, true},
		{ask{"DELETE", room + "/subscribers/" + subscriber, "boss", "", nil}, "boss", "room:newborn subscriber:" + subscriber, audit.Success, 204, true},
		{ask{"PATCH", room + "/subscribers/" + subscriber, "boss", `{"language":"de"}`, nil}, "boss", "room:newborn subscriber:" + subscriber, audit.Success, 200, true},
		{ask{"POST", room + "/subscribers/" + subscriber + "/pause", "boss", `{}`, nil}, "boss", "room:newborn subscriber:" + subscriber, audit.Success, 200, true},
		{ask{"POST", room + "/subscribers/" + subscriber + "/confirm", "other", `{"code":"x"}`, nil}, "other", "room:newborn subscriber:" + subscriber, audit.Failed, 403, false},
		{ask{"POST", room + "/requests", "other", `{"email":"a@example.com"}`, nil}, "other", "room:newborn", audit.Failed, 403, false},
		{ask{"POST", "/leave/good", "", "do=leave", oneClick}, "unknown", "room:newborn subscriber:" + subscriber, audit.Success, 200, true},
		{ask{"POST", "/confirm/good." + goodCode, "", "do=confirm", oneClick}, "unknown", "room:newborn subscriber:" + subscriber, audit.Success, 200, true},
		{ask{"GET", "/v1/providers", "eye+auditor", "", nil}, "eye", "", audit.Success, 200, false},
		{ask{"PUT", "/v1/providers/email/first", "root+admin", `{"state":"drained"}`, nil}, "root", "provider:email.first", audit.Success, 200, true},
		{ask{"POST", "/v1/providers/email/first/test", "root+admin", `{"email":"a@example.com"}`, nil}, "root", "provider:email.first", audit.Success, 200, true},
		{ask{"PUT", "/v1/providers/email/canary", "root+admin", `{"state":"drained"}`, nil}, "root", "", audit.Failed, 404, false},
		{ask{"GET", room + "/replies", "hosp-7", "", nil}, "hosp-7", "room:newborn", audit.Success, 200, false},
		{ask{"DELETE", room + "/replies/17", "hosp-7", "", nil}, "hosp-7", "reply:17 room:newborn", audit.Success, 204, true},
		{ask{"POST", "/v1/unmatched/18/release", "officer+dpo", `{"room":"newborn","umid":"` + umid + `"}`, nil}, "officer", "reply:18 room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"POST", "/v1/suppressions/find", "officer+dpo", `{"email":"a@example.com"}`, nil}, "officer", "", audit.Success, 200, false},
		{ask{"DELETE", "/v1/suppressions/" + subscriber, "officer+dpo", "", nil}, "officer", "suppression:" + subscriber, audit.Success, 204, true},
		{ask{"POST", "/v1/persons/export", "officer+dpo", `{"email":"a@example.com"}`, nil}, "officer", "", audit.Success, 200, true},
		{ask{"POST", "/v1/persons/erase", "officer+dpo", `{"email":"a@example.com"}`, nil}, "officer", "", audit.Success, 200, true},
		{ask{"POST", room + "/consumers", "clinic-4", `{"name":"fresh"}`, nil}, "clinic-4", "consumer:" + clinicConsumer("fresh").String() + " room:newborn", audit.Success, 201, true},
		{ask{"POST", room + "/consumers/ledger/pull", "clinic-4", `{}`, nil}, "clinic-4", "consumer:" + clinicConsumer("ledger").String() + " room:newborn", audit.Success, 200, false},
		{ask{"POST", room + "/consumers/ledger/ack", "clinic-4", `{}`, nil}, "clinic-4", "consumer:" + clinicConsumer("ledger").String() + " room:newborn", audit.Success, 204, true},
		{ask{"DELETE", room + "/consumers/ledger", "clinic-4", "", nil}, "clinic-4", "consumer:" + clinicConsumer("ledger").String() + " room:newborn", audit.Success, 204, true},
		{ask{"POST", "/v1/rooms", "root+admin", `{"name":"fresh"}`, nil}, "root", "room:fresh", audit.Success, 201, true},
		{ask{"DELETE", room, "root+admin", "", nil}, "root", "room:newborn", audit.Success, 204, true},
		{ask{"PUT", "/v1/blocked/hosp-9", "root+admin", "", nil}, "root", "client:hosp-9", audit.Success, 201, true},
		{ask{"PUT", "/v1/clients/hosp-8", "root+admin", `{"organisation":"Ministry of Health"}`, nil}, "root", "client:hosp-8", audit.Success, 201, true},
		{ask{"DELETE", "/v1/clients/hosp-7", "root+admin", "", nil}, "root", "client:hosp-7", audit.Success, 204, true},
		{ask{"GET", "/v1/clients/hosp-7", "hosp-7", "", nil}, "hosp-7", "client:hosp-7", audit.Success, 200, false},
		{ask{"POST", "/v1/clients/hosp-7/keys", "root+admin", "", nil}, "root", "client:hosp-7 key:new room:email-hosp-7", audit.Success, 201, true},
		{ask{"DELETE", "/v1/clients/hosp-7/keys/" + goodKeyID, "root+admin", "", nil}, "root", "client:hosp-7 key:" + goodKeyID, audit.Success, 204, true},
		{ask{"POST", "/v1/policies", "boss", `{"name":"fresh"}`, nil}, "boss", "policy:fresh revision:1", audit.Success, 201, true},
		{ask{"POST", submittedOne + "/approve", "officer+dpo", "", []string{"If-Match", `"2"`}}, "officer", "policy:patient revision:2", audit.Success, 200, true},
		{ask{"DELETE", draftedOne, "boss", "", []string{"If-Match", `"3"`}}, "boss", "policy:patient revision:3", audit.Success, 204, true},
		{ask{"PUT", "/v1/policies/patient/author", "root+admin", `{"client":"hosp-7"}`, nil}, "root", "client:hosp-7 policy:patient", audit.Success, 200, true},
		{ask{"POST", submittedOne + "/approve", "boss+dpo", "", []string{"If-Match", `"2"`}}, "boss", "policy:patient revision:2", audit.Failed, 403, false},
		{ask{"POST", m + "/pause", "boss", "", nil}, "boss", "room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"POST", m + "/resend", "hosp-7", "", nil}, "hosp-7", "room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"POST", m + "/drop", "boss", "", nil}, "boss", "room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"POST", room + "/failed/resend", "boss", `{}`, nil}, "boss", "room:newborn", audit.Success, 200, true},
		{ask{"POST", room + "/failed/drop", "hosp-7", `{}`, nil}, "hosp-7", "room:newborn", audit.Success, 200, true},
		{ask{"GET", room + "/failed", "hosp-7", "", nil}, "hosp-7", "room:newborn", audit.Success, 200, false},
		{ask{"POST", m + "/cancel", "eye+auditor", "", nil}, "eye", "", audit.Failed, 403, false},
		{ask{"GET", m + "/content", "boss", "", nil}, "boss", "room:newborn umid:" + umid, audit.Success, 200, false},
		{ask{"POST", m + "/release", "boss", "", nil}, "boss", "room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"POST", m + "/reject", "boss", "", nil}, "boss", "room:newborn umid:" + umid, audit.Success, 200, true},
		{ask{"GET", m, "hosp-7", "", nil}, "hosp-7", "room:newborn umid:" + umid, audit.Success, 200, false},
		{ask{"GET", m, "other", "", nil}, "other", "", audit.Failed, 404, false},
		{ask{"GET", "/nothing", "", "", nil}, "unknown", "", audit.Failed, 404, false},
	} {
		e := newEngine()
		w := tc.ask.of(newServer(e))
		name := tc.ask.method + " " + tc.ask.path
		if len(e.recorded)+len(e.noted) != 1 || (len(e.recorded) == 1) != tc.before {
			t.Errorf("%s: %d recorded, %d noted", name, len(e.recorded), len(e.noted))
			continue
		}
		entry := append(e.recorded, e.noted...)[0]
		if entry.Source != tc.source || entry.Status != tc.status || entry.Code != tc.code || w.Code != tc.code || !entry.Time.Equal(noon()) {
			t.Errorf("%s: %d, %+v", name, w.Code, entry)
		}
		if entry.IDs["request"] != w.Header().Get("X-Request-Id") {
			t.Errorf("%s: request id %q", name, entry.IDs["request"])
		}
		delete(entry.IDs, "request")
		if tc.ask.method == "POST" && len(entry.IDs["key"]) == 12 {
			entry.IDs["key"] = "new"
		}
		if got := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(entry.IDs), "map["), "]"); got != tc.ids {
			t.Errorf("%s: ids %q, want %q", name, got, tc.ids)
		}
	}
}

func TestProbesAreNotRecorded(t *testing.T) {
	e := newEngine()
	s := serverOn(e, Options{Metrics: true}, io.Discard)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/docs", "/v1/openapi.yaml", "/v1/webpush/key"} {
		ask{"GET", path, "", "", nil}.of(s)
	}
	if len(e.recorded)+len(e.noted) > 0 {
		t.Errorf("%+v %+v", e.recorded, e.noted)
	}
}

// What is personal goes into every place of a request where it can stand, and must come out in none.
func TestNothingPersonalIsWrittenDown(t *testing.T) {
	const secret = "zaphod"
	e := newEngine()
	e.email()
	var log bytes.Buffer
	s := serverOn(e, Options{}, &log)
	personal := strings.NewReplacer("a@example.com", secret+"@example.com", "case 42", secret, "Vaccination", secret, "+996555000111", "+41795550001")
	for _, a := range []ask{
		{"POST", "/v1/rooms/newborn/messages?who=" + secret, "hosp-7", personal.Replace(full), nil},
		{"POST", "/v1/rooms/newborn/alerts", "hosp-7", alert("met-1", secret, "Severe", secret, "A storm", secret), asCAP()},
		{"POST", "/v1/rooms/newborn/alerts", "hosp-7", alert("met-1", secret, "A storm", secret), asCAP()},
		{"POST", "/v1/rooms/newborn/messages", "hosp-7", with(`"` + secret + `":1`), nil},
		{"POST", "/v1/rooms/newborn/messages", "hosp-7", with(`"recipients":[{"email":"` + secret + `"}]`), nil},
		{"POST", "/v1/rooms/" + secret + "%40example.com/messages", "hosp-7", good, nil},
		{"POST", "/v1/rooms/newborn/subscribers", "boss", personal.Replace(`{"email":"a@example.com"}`), nil},
		{"POST", "/v1/rooms/newborn/subscribers", "boss", `{"phone":"+41795550001"}` + "\n{" + secret, []string{"Content-Type", "application/x-ndjson"}},
		{"GET", "/v1/rooms?cursor=" + secret + "%40x", "boss", "", nil},
		{"GET", "/" + secret, "", "", nil},
		{"POST", "/send/email/single", "", personal.Replace(oneEmail), []string{"apiKey", goodKey, "Idempotency-Key", secret}},
		{"POST", "/send/email/single", "", `{"` + secret + `":1}`, []string{"apiKey", secret}},
		{"POST", "/callback/email", "", `{"content":"` + secret + `"}`, []string{"apiKey", goodKey, "requestUid", secret}},
		{"GET", "/status/email?status=" + secret, "", "", []string{"apiKey", goodKey, "requestUid", "01K9ZZZZZZABCDEFGHJKMNPQR0"}},
		{"GET", "/v1/rooms", "!" + secret, "", []string{"X-Request-Id", secret + "@example.com"}},
	} {
		a.of(s)
	}
	var metrics bytes.Buffer
	s.deps.Metrics.WritePrometheus(&metrics)
	for where, text := range map[string]string{
		"log": log.String(), "audit": fmt.Sprintf("%+v %+v", e.recorded, e.noted), "metrics": metrics.String(),
	} {
		// The client of the last request is called so itself: that is no person.
		text = strings.ReplaceAll(text, "!"+secret, "")
		for _, part := range []string{secret, "5550001"} {
			if i := strings.Index(text, part); i >= 0 {
				t.Errorf("%s: …%s…", where, text[max(0, i-200):min(len(text), i+50)])
			}
		}
	}
}

func TestMetricsCount(t *testing.T) {
	s := serverOn(newEngine(), Options{Metrics: true}, io.Discard)
	ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", good, nil}.of(s)
	ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", "x", nil}.of(s)
	ask{"GET", "/nothing", "", "", nil}.of(s)
	page := ask{"GET", "/metrics", "", "", nil}.of(s).Body.String()
	for _, line := range []string{
		`crier_api_requests_total{route="/v1/rooms/{room}/messages",method="POST",status="202"} 1`,
		`crier_api_requests_total{route="/v1/rooms/{room}/messages",method="POST",status="400"} 1`,
		`crier_api_requests_total{route="",method="",status="404"} 1`,
		`crier_api_request_duration_seconds_count{route="/v1/rooms/{room}/messages",method="POST"} 2`,
		`crier_api_requests_in_flight 1`, // this one
	} {
		if !strings.Contains(page, line+"\n") {
			t.Errorf("missing: %s\n%s", line, page)
		}
	}
}

func TestMetricsAreOffTheAPIUnlessAskedFor(t *testing.T) {
	s := newServer(newEngine())
	if w := (ask{"GET", "/metrics", "", "", nil}).of(s); w.Code != 404 {
		t.Errorf("%d", w.Code)
	}
	w := httptest.NewRecorder()
	if s.Metrics().ServeHTTP(w, ask{"GET", "/metrics", "", "", nil}.request()); w.Code != 200 {
		t.Errorf("on an address of their own: %d", w.Code)
	}
}
