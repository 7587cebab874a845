package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go/jetstream"
	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
)

// auditCalls are one success and one failure, at least, of everything that the API can be asked. They follow each other.
func auditCalls(umid, subscriber string) []auditCall {
	const room, messages, subscribers = "/v1/rooms/ward", "/v1/rooms/ward/messages", "/v1/rooms/ward/subscribers"
	const consumers = room + "/consumers"
	const hooks, hook = "/v1/rooms/ward/webhooks", `{"url":"http://127.0.0.1:1/qzcanary"}`
	message := `{"transactionId":"qzcanary-tx","type":"reminder","content":{"text":"qzcanary text"},"reference":"qzcanary"}`
	waiting := `{"transactionId":"qzcanary-tx2","type":"reminder","content":{"text":"qzcanary text"},"recipients":[{"email":"temporary@example.com"}]}`
	alert := func(n int) string {
		return fmt.Sprintf(`{"transactionId":"qzcanary-%d","type":"alert","lane":"emergency","content":{"text":"qzcanary text"}}`, n)
	}
	person := `{"email":"qzcanary@example.com","name":"Qzcanary"}`
	return []auditCall{
		{"POST", "/v1/rooms", demoAdmin, `{"name":"ward","publishers":[{"client":"` + demoPublisher + `","direct":true}],"readers":["` + demoPublisher + `"]}`, 201},
		{"POST", "/v1/rooms", demoPublisher, `{"name":"other"}`, 403},
		{"GET", "/v1/rooms", demoPublisher, "", 200},
		{"GET", "/v1/rooms?cursor=qzcanary%40x", demoPublisher, "", 400},
		{"GET", room, demoPublisher, "", 200},
		{"GET", "/v1/rooms/qzcanary", demoPublisher, "", 404},
		{"HEAD", room + "/stream", demoPublisher, "", 200}, // a stream has no end
		{"GET", room + "/stream?after=qzcanary", demoPublisher, "", 400},
		{"GET", room + "/stream", demoAuditor, "", 403},
		{"PUT", room, demoAdmin, `{"title":"Qzcanary","join":"approval","publishers":[{"client":"` + demoPublisher + `","direct":true},{"client":"` + demoAdmin + `"}],"readers":["` + demoReader + `"]}`, 200},
		{"PUT", room, demoPublisher, `{}`, 403},
		{"POST", subscribers, demoAdmin, person, 201},
		{"POST", subscribers, demoAdmin, `{"email":"qzcanary"}`, 400},
		{"POST", subscribers + "?rows", demoAdmin, person + "\n{\"phone\":\"qzcanary\"}\n", 200},
		{"GET", subscribers, demoAdmin, "", 200},
		{"GET", subscribers, demoPublisher, "", 403},
		{"GET", subscribers + "/" + subscriber, demoAdmin, "", 200},
		{"GET", subscribers + "/" + subscriber, demoPublisher, "", 403},
		{"PATCH", subscribers + "/" + subscriber, demoAdmin, `{"attributes":{"village":"qzcanary"},"consent":{"purpose":"qzcanary"}}`, 200},
		{"PATCH", subscribers + "/" + subscriber, demoAdmin, `{"qzcanary":1}`, 400},
		{"POST", subscribers + "/" + subscriber + "/pause", demoAdmin, `{}`, 200},
		{"POST", subscribers + "/" + subscriber + "/pause", demoAdmin, `{"until":"qzcanary"}`, 400},
		{"POST", subscribers + "/" + subscriber + "/resume", demoAdmin, "", 200},
		{"POST", subscribers + "/" + subscriber + "/resume", demoPublisher, "", 403},
		{"POST", subscribers + "/" + subscriber + "/approve", demoAdmin, "", 409},
		{"POST", subscribers + "/" + subscriber + "/decline", demoAdmin, "", 409},
		{"POST", subscribers + "/" + subscriber + "/confirm", demoReader, `{"code":"qzcanary"}`, 403},
		{"POST", room + "/requests", demoReader, `{"qzcanary":1}`, 400},
		{"POST", room + "/requests", demoReader, `{"email":"qzcanary-2@example.com"}`, 202},
		{"POST", subscribers + "/WAITS/approve", demoAdmin, "", 200},
		{"POST", subscribers + "/WAITS/confirm", demoReader, `{"code":"CODE"}`, 204},
		{"POST", room + "/requests", demoReader, `{"email":"qzcanary-3@example.com"}`, 202},
		{"POST", subscribers + "/WAITS/decline", demoAdmin, "", 204},
		{"DELETE", subscribers + "/" + subscriber, demoAdmin, "", 204},
		{"DELETE", subscribers + "/" + subscriber, demoAdmin, "", 404},
		{"GET", "/v1/providers", demoAuditor, "", 200},
		{"GET", "/v1/providers", demoPublisher, "", 403},
		{"GET", "/v1/providers/email/sandbox", demoAuditor, "", 200},
		{"GET", "/v1/providers/email/qzcanary", demoAuditor, "", 404},
		{"PUT", "/v1/providers/email/sandbox", demoAdmin, `{"state":"running"}`, 200},
		{"PUT", "/v1/providers/email/sandbox", demoAdmin, `{"state":"qzcanary"}`, 400},
		{"POST", "/v1/providers/email/sandbox/test", demoAdmin, `{"email":"qzcanary@example.com"}`, 200},
		{"POST", "/v1/providers/email/sandbox/test", demoAuditor, `{"email":"qzcanary@example.com"}`, 403},
		{"GET", room + "/replies", demoPublisher, "", 200},
		{"GET", room + "/replies", demoAuditor, "", 403},
		{"DELETE", "/v1/unmatched/2", demoDPO, "", 204},
		{"GET", room + "/replies/4711", demoPublisher, "", 404},
		{"DELETE", room + "/replies/qzcanary", demoPublisher, "", 400},
		{"GET", "/v1/unmatched", demoDPO, "", 200},
		{"GET", "/v1/unmatched", demoPublisher, "", 403},
		{"POST", "/v1/unmatched/UNMATCHED/release", demoDPO, `{"qzcanary":1}`, 400},
		{"POST", "/v1/unmatched/UNMATCHED/release", demoDPO, `{"room":"ward"}`, 200},
		{"DELETE", "/v1/unmatched/UNMATCHED", demoDPO, "", 404},
		{"GET", room + "/replies/3", demoPublisher, "", 200},
		{"DELETE", room + "/replies/3", demoPublisher, "", 204},
		{"GET", "/v1/suppressions", demoDPO, "", 200},
		{"GET", "/v1/suppressions", demoPublisher, "", 403},
		{"POST", "/v1/suppressions/find", demoDPO, `{"email":"qzcanary@example.com"}`, 200},
		{"POST", "/v1/suppressions/find", demoDPO, `{"email":"qzcanary-9@example.com"}`, 404},
		{"DELETE", "/v1/suppressions/SUPPRESSED", demoDPO, "", 204},
		{"DELETE", "/v1/suppressions/SUPPRESSED", demoDPO, "", 404},
		{"POST", "/v1/persons/export", demoDPO, `{"email":"qzcanary-2@example.com"}`, 200},
		{"POST", "/v1/persons/export", demoAdmin, `{"email":"qzcanary-2@example.com"}`, 403},
		{"POST", "/v1/persons/erase", demoDPO, `{"email":"qzcanary-2@example.com"}`, 200},
		{"POST", "/v1/persons/erase", demoDPO, `{"qzcanary":1}`, 400},
		{"POST", hooks, demoReader, hook, 201},
		{"POST", hooks, demoReader, hook, 409},
		{"GET", hooks, demoReader, "", 200},
		{"GET", hooks, demoPublisher, "", 403},
		{"POST", hooks + "/" + subscriber + "/secret", demoReader, "", 200},
		{"POST", hooks + "/" + subscriber + "/secret", demoPublisher, "", 403},
		{"DELETE", hooks + "/" + subscriber, demoReader, "", 204},
		{"DELETE", hooks + "/" + subscriber, demoReader, "", 404},
		{"GET", "/v1/callback", demoReader, "", 404},
		{"PUT", "/v1/callback", demoReader, `{"qzcanary":1}`, 400},
		{"PUT", "/v1/callback", demoReader, hook, 201},
		{"GET", "/v1/callback", demoReader, "", 200},
		{"POST", "/v1/callback/secret", demoPublisher, "", 404},
		{"POST", "/v1/callback/secret", demoReader, "", 200},
		{"DELETE", "/v1/callback", demoPublisher, "", 404},
		{"DELETE", "/v1/callback", demoReader, "", 204},
		{"POST", messages, demoPublisher, message, 202},
		{"POST", messages, demoPublisher, message, 200},
		{"POST", messages, demoPublisher, strings.Replace(message, "text\":\"qzcanary text", "text\":\"qzcanary other", 1), 409},
		{"POST", messages, demoPublisher, `{"qzcanary":"qzcanary"}`, 400},
		{"POST", messages, "", message, 401},
		{"POST", messages, "qzcanary", message, 401},
		{"POST", messages + "/preview", demoPublisher, message, 200},
		{"POST", messages + "/preview", demoPublisher, `{"qzcanary":"qzcanary"}`, 400},
		{"GET", messages, demoPublisher, "", 200},
		{"GET", messages, demoAuditor, "", 200},
		{"GET", "/v1/rooms/a%40qzcanary/messages", demoAuditor, "", 400},
		{"GET", "/v1/messages/" + umid, demoPublisher, "", 200},
		{"GET", "/v1/messages/01K9ZZZZZZABCDEFGHJKMNPQRS", demoPublisher, "", 404},
		{"GET", "/v1/messages/" + umid + "/deliveries", demoAuditor, "", 200},
		{"GET", "/v1/messages/qzcanary/deliveries", demoAuditor, "", 400},
		{"POST", messages, demoPublisher, waiting, 202},
		{"POST", "/v1/messages/" + umid + "/pause", demoPublisher, "", 200},
		{"POST", "/v1/messages/" + umid + "/pause", demoAuditor, "", 403},
		{"POST", "/v1/messages/" + umid + "/resume", demoPublisher, "", 200},
		{"POST", "/v1/messages/" + umid + "/resume", demoReader, "", 404},
		{"POST", "/v1/messages/" + umid + "/resend", demoPublisher, "", 200},
		{"POST", "/v1/messages/" + umid + "/resend", demoReader, "", 404},
		{"POST", "/v1/messages/" + umid + "/drop", demoPublisher, `{"reasons":["unknown"]}`, 200},
		{"POST", "/v1/messages/" + umid + "/drop", demoPublisher, `{"reasons":["qzcanary"]}`, 400},
		{"GET", room + "/failed?reason=qzcanary", demoPublisher, "", 400},
		{"GET", room + "/failed", demoAuditor, "", 200},
		{"POST", room + "/failed/resend", demoPublisher, `{}`, 200},
		{"POST", room + "/failed/resend", demoAuditor, `{}`, 403},
		{"POST", room + "/failed/drop", demoPublisher, `{}`, 200},
		{"POST", room + "/failed/drop", demoPublisher, `{"type":"qz@canary"}`, 400},
		{"POST", "/v1/messages/" + umid + "/cancel", demoPublisher, "", 200},
		{"POST", "/v1/messages/" + umid + "/resume", demoPublisher, "", 409},
		{"POST", "/v1/messages/" + umid + "/cancel", demoAdmin, "", 403},
		{"POST", messages, demoPublisher, alert(1), 202},
		{"GET", "/v1/messages/" + umid + "/content", demoReader, "", 404},
		{"GET", "/v1/messages/" + umid + "/content", demoAdmin, "", 200},
		{"POST", "/v1/messages/" + umid + "/release", demoPublisher, "", 403},
		{"POST", "/v1/messages/" + umid + "/release", demoAdmin, "", 200},
		{"POST", messages, demoPublisher, alert(2), 202},
		{"POST", "/v1/messages/" + umid + "/reject", demoReader, "", 404},
		{"POST", "/v1/messages/" + umid + "/reject", demoPublisher, "", 200},
		{"POST", "/v1/messages/" + umid + "/release", demoAdmin, "", 409},
		{"POST", room + "/alerts", demoPublisher, stormAlert("qzcanary"), 202},
		{"POST", room + "/alerts", demoPublisher, "<qzcanary/>", 400},
		{"GET", room + "/alerts", demoReader, "", 200},
		{"GET", room + "/alerts", demoAuditor, "", 403},
		{"GET", room + "/alerts/" + umid, demoReader, "", 200},
		{"GET", room + "/alerts/" + umid, "", "", 401},
		{"POST", consumers, demoReader, `{"name":"ledger"}`, 201},
		{"POST", consumers, demoAuditor, `{"name":"qzcanary"}`, 403},
		{"GET", consumers, demoReader, "", 200},
		{"GET", consumers, demoAuditor, "", 403},
		{"GET", consumers + "/ledger", demoReader, "", 200},
		{"GET", consumers + "/qz@canary", demoReader, "", 400},
		{"POST", consumers + "/ledger/reset", demoReader, `{"from":"all"}`, 200},
		{"POST", consumers + "/ledger/reset", demoReader, `{"from":"qzcanary"}`, 400},
		{"POST", consumers + "/ledger/pull", demoReader, `{}`, 200},
		{"POST", consumers + "/ledger/pull", demoReader, `{"qzcanary":0}`, 400},
		{"POST", consumers + "/ledger/ack", demoReader, `{}`, 204},
		{"POST", consumers + "/ledger/ack", demoReader, `{"acks":["qzcanary"]}`, 400},
		{"DELETE", consumers + "/ledger", demoReader, "", 204},
		{"DELETE", consumers + "/ledger", demoReader, "", 404},
		{"GET", "/v1/connections", demoAdmin, "", 200},
		{"GET", "/v1/connections", demoPublisher, "", 403},
		{"GET", "/v1/blocked", demoAuditor, "", 200},
		{"GET", "/v1/blocked", demoPublisher, "", 403},
		{"PUT", "/v1/blocked/hosp-9", demoAdmin, "", 201},
		{"PUT", "/v1/blocked/hosp-9", demoPublisher, "", 403},
		{"DELETE", "/v1/blocked/hosp-9", demoAdmin, "", 204},
		{"DELETE", "/v1/blocked/hosp-9", demoPublisher, "", 403},
		{"PUT", "/v1/clients/qz-9", demoAdmin, `{"organisation":"Qzcanary","email":["qzcanary@example.com"],"sms":["QZCANARY"]}`, 201},
		{"PUT", "/v1/clients/qz-9", demoPublisher, `{"organisation":"Qzcanary"}`, 403},
		{"GET", "/v1/clients/qz-9", demoAuditor, "", 200},
		{"GET", "/v1/clients/qz-9", demoPublisher, "", 403},
		{"POST", "/v1/clients/qz-9/keys", demoAdmin, "", 201},
		{"GET", "/v1/clients/qz-9/keys", demoAuditor, "", 200},
		{"POST", "/v1/clients/qz-9/keys", demoPublisher, "", 403},
		{"GET", "/v1/clients/qz-9/keys", demoPublisher, "", 403},
		{"DELETE", "/v1/clients/qz-9/keys/" + subscriber, demoAdmin, "", 204},
		{"DELETE", "/v1/clients/qz-9/keys/AAAAAAAAAAAA", demoAdmin, "", 404},
		{"GET", "/v1/clients", demoAuditor, "", 200},
		{"GET", "/v1/clients", demoPublisher, "", 403},
		{"POST", messages, demoPublisher, strings.Replace(message, `"type"`, `"from":{"email":"qzcanary@example.com"},"type"`, 1), 403},
		{"DELETE", "/v1/clients/qz-9", demoAdmin, "", 204},
		{"DELETE", "/v1/clients/qz-9", demoAdmin, "", 404},
		{"GET", "/v1/quota", demoPublisher, "", 200},
		{"GET", "/v1/quota", "", "", 401},
		{"POST", "/v1/policies", demoAdmin, `{"name":"ward"}`, 201},
		{"POST", "/v1/policies", demoPublisher, `{"name":"other"}`, 403},
		{"GET", "/v1/policies", demoPublisher, "", 200},
		{"GET", "/v1/policies", "", "", 401},
		{"POST", "/v1/policies/ward", demoAdmin, `{"expiry":"1h"}`, 201},
		{"POST", "/v1/policies/ward", demoAdmin, `{"expiry":"qzcanary"}`, 400},
		{"GET", "/v1/policies/ward", demoAdmin, "", 200},
		{"GET", "/v1/policies/ward%40qzcanary", demoPublisher, "", 400},
		{"GET", "/v1/policies/ward/diff?from=1&to=2", demoAdmin, "", 200},
		{"GET", "/v1/policies/ward/diff?from=1&to=qzcanary", demoPublisher, "", 400},
		{"GET", "/v1/policies/ward/1", demoAdmin, "", 200},
		{"GET", "/v1/policies/ward/qzcanary", demoPublisher, "", 400},
		{"PUT", "/v1/policies/ward/1", demoAdmin, `{"jitter":0}`, 200},
		{"PUT", "/v1/policies/ward/1", demoPublisher, `{}`, 403},
		{"POST", "/v1/policies/ward/1/submit", demoAdmin, "", 200},
		{"POST", "/v1/policies/ward/1/submit", demoPublisher, "", 403},
		{"POST", "/v1/policies/ward/1/approve", demoAdmin, "", 403},
		{"POST", "/v1/policies/ward/1/approve", demoDPO, "", 200},
		{"POST", "/v1/policies/ward/1/publish", demoDPO, "", 403},
		{"POST", "/v1/policies/ward/1/publish", demoAdmin, "", 200},
		{"POST", "/v1/policies/ward/1/retire", demoDPO, "", 403},
		{"POST", "/v1/policies/ward/1/retire", demoAdmin, "", 200},
		{"DELETE", "/v1/policies/ward/2", demoPublisher, "", 403},
		{"DELETE", "/v1/policies/ward/2", demoAdmin, "", 204},
		{"PUT", "/v1/policies/ward/author", demoAdmin, `{"client":"hosp-9"}`, 200},
		{"PUT", "/v1/policies/ward/author", demoPublisher, `{"client":"hosp-9"}`, 403},
		{"DELETE", room, demoPublisher, "", 403},
		{"DELETE", room, demoAdmin, "", 204},
		{"GET", "/v1/inlets/texts/receipt?MessageStatus=sent&qzcanary=1", "", "", 204},
		{"POST", "/v1/inlets/texts/receipt", "", `{"number":"qzcanary"}`, 400},
		{"GET", "/qzcanary", demoAdmin, "", 404},
	}
}

// stormAlert is an alert of the Common Alerting Protocol, of a storm that is no emergency.
func stormAlert(identifier string) string {
	return `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>` + identifier + `</identifier><sender>met.example</sender>` +
		`<sent>2026-11-22T13:00:00+02:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>` +
		`<info><category>Met</category><event>Storm ` + identifier + `</event><urgency>Future</urgency><severity>Minor</severity><certainty>Likely</certainty></info></alert>`
}

// auditCall is a call and how it is answered. Who calls is a client, "" nobody, or else a wrong token.
type auditCall struct {
	method, path, who, body string
	status                  int
}

// TestEveryCallIsInTheAuditLog makes every call there is, and reads the audit log from its stream: each stands there
// once, by its route and status, and what stands there is what the schema has, and nothing of what was sent.
func TestEveryCallIsInTheAuditLog(t *testing.T) {
	s := newStand(t, []string{"policy.release=two-person", "providers.sms.weight=1", textsByHTTP}, nil)
	made, umid, subscriber := map[string]auditCall{}, "", ""
	waits, suppressed, unmatched := "", s.suppress("qzcanary@example.com"), s.writes("", "qzcanary text")
	s.writes("", "qzcanary too")
	var created struct {
		ID string `json:"id"`
	}
	for n := 0; n < len(auditCalls("", "")); n++ {
		c := auditCalls(umid, subscriber)[n]
		c.path = strings.NewReplacer("WAITS", waits, "SUPPRESSED", suppressed, "UNMATCHED", unmatched).Replace(c.path)
		if before, after, ok := strings.Cut(c.body, "CODE"); ok {
			c.body = before + s.invited("qzcanary-2@example.com") + after
		}
		a := s.call(c)
		if a.status != c.status {
			t.Fatalf("%s %s: answered %d %s, want %d", c.method, c.path, a.status, a.body, c.status)
		}
		made[a.requestID] = c
		switch a.status {
		case http.StatusAccepted:
			umid = a.UMID
			_ = json.Unmarshal([]byte(a.body), &created)
			waits = created.ID
		case http.StatusCreated:
			_ = json.Unmarshal([]byte(a.body), &created) // a room has no id
			subscriber = created.ID
		}
	}
	s.callGovstack(made)
	s.recorded(made)
	for document, least := range map[string]int{"/v1/openapi.yaml": 10, "/govstack/mediator/openapi.yaml": 18, "/govstack/messaging/openapi.yaml": 4} {
		s.routesAmong(made, document, least)
	}
}

func (s *stand) call(c auditCall) answer {
	s.t.Helper()
	token, header := c.who, []string(nil)
	if strings.HasPrefix(c.who, "demo-") {
		token = s.token(c.who)
	}
	path, rows := strings.CutSuffix(c.path, "?rows")
	if rows {
		header = []string{"Content-Type", "application/x-ndjson"}
	}
	if strings.HasPrefix(c.body, "<") {
		header = []string{"Content-Type", "application/cap+xml"}
	}
	policies := strings.HasPrefix(c.path, "/v1/policies/ward/")
	number, _ := strconv.Atoi(strings.Split(c.path+"////", "/")[4]) // of a revision
	switch {
	case policies && number > 0 && c.method != http.MethodGet:
		one, err := s.as(s.token(demoAdmin)).Policy(s.t.Context(), "ward", number)
		if err != nil {
			s.t.Fatal(err)
		}
		header = []string{"If-Match", one.ETag}
	case c.method == http.MethodPut && c.status == http.StatusOK && strings.HasPrefix(c.path, "/v1/rooms/"):
		room, err := s.as(token).Room(s.t.Context(), "ward")
		if err != nil {
			s.t.Fatal(err)
		}
		header = []string{"If-Match", room.ETag}
	}
	return ask(s.t, c.method, s.app.URL()+path, token, c.body, header...)
}

// recorded wants each call once in the log, and every entry to be a good one.
func (s *stand) recorded(made map[string]auditCall) {
	s.t.Helper()
	canaries := canaries{"what was sent": "qzcanary"}.forms()
	var found map[string][]audit.Entry
	await(s.t, busyFor, func() string {
		found = map[string][]audit.Entry{}
		for _, line := range s.auditLines("api") {
			e, fault := readEntry(line)
			if fault != "" {
				s.t.Errorf("%s: %s", fault, line)
			}
			if shown := find(canaries, line); len(shown) > 0 {
				s.t.Errorf("%v in %s", shown, line)
			}
			found[e.IDs["request"]] = append(found[e.IDs["request"]], e)
		}
		for id, c := range made {
			if len(found[id]) == 0 {
				return fmt.Sprintf("%s %s (%d) is not recorded", c.method, c.path, c.status)
			}
		}
		return ""
	})
	for id, c := range made {
		e := found[id][0]
		refused := c.status >= 400
		if len(found[id]) != 1 || e.Code != c.status || (e.Status == audit.Failed) != refused || refused != (e.Data["problem"] != "") {
			s.t.Errorf("%s %s (%d) is recorded as %+v", c.method, c.path, c.status, found[id])
		}
		if strings.HasPrefix(c.who, "demo-") && e.Source != c.who && c.path != "/qzcanary" {
			s.t.Errorf("%s %s by %s is recorded as %+v", c.method, c.path, c.who, e)
		}
	}
}

// auditLines are the entries of a component.
func (s *stand) auditLines(component string) (lines [][]byte) {
	s.t.Helper()
	nc, err := s.store.broker.Connect("test")
	if err != nil {
		s.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	log, err := js.Stream(s.t.Context(), "AUDIT")
	if err != nil {
		s.t.Fatal(err)
	}
	for seq := uint64(1); seq <= log.CachedInfo().State.LastSeq; seq++ {
		m, err := log.GetMsg(s.t.Context(), seq)
		if err != nil {
			s.t.Fatal(err)
		}
		if m.Subject == rooms.AuditSubject(s.app.config.Broker.Node, component) {
			lines = append(lines, m.Data)
		}
	}
	return lines
}

// readEntry reads an entry strictly: what the schema does not have is a fault.
func readEntry(line []byte) (e audit.Entry, fault string) {
	if err := json.Unmarshal(line, &e, json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false)); err != nil {
		return e, err.Error()
	}
	for field, set := range map[string]bool{
		"time": !e.Time.IsZero() && time.Since(e.Time) < time.Hour, "source": e.Source != "", "destination": e.Destination != "",
		"status": e.Status == audit.Success || e.Status == audit.Failed, "code": e.Code >= 200 && e.Code < 600, "request": e.IDs["request"] != "",
	} {
		if !set {
			return e, "no good " + field
		}
	}
	ids, data := []string{"request", "room", "umid", "subscriber", "suppression", "reply", "consumer", "client", "policy", "revision", "provider", "key"}, []string{"took", "address", "problem"}
	for name := range maps.Keys(e.IDs) {
		if !slices.Contains(ids, name) {
			return e, "unknown id " + name
		}
	}
	for name := range maps.Keys(e.Data) {
		if !slices.Contains(data, name) {
			return e, "unknown data " + name
		}
	}
	return e, ""
}

// routesAmong wants every route of an API's document, but those for everybody, among the calls that were made, once
// with success and once without.
func (s *stand) routesAmong(made map[string]auditCall, at string, least int) {
	s.t.Helper()
	var document struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	text := ask(s.t, http.MethodGet, s.app.URL()+at, "", "").body
	if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Paths) == 0 {
		s.t.Fatalf("%s: %d paths, %v", at, len(document.Paths), err)
	}
	seen := map[string]bool{}
	for _, line := range s.auditLines("api") {
		e, _ := readEntry(line)
		seen[e.Destination+" "+e.Status] = true
	}
	checked := 0
	for path, methods := range document.Paths {
		for method, node := range methods {
			var operation struct{ Security *[]any }
			if method == "parameters" || node.Decode(&operation) != nil || operation.Security != nil && len(*operation.Security) == 0 {
				continue
			}
			checked++
			for _, status := range []string{audit.Success, audit.Failed} {
				if name := strings.ToUpper(method) + " " + path; !seen[name+" "+status] {
					s.t.Errorf("no %s of %s among %d calls", status, name, len(made))
				}
			}
		}
	}
	if checked < least {
		s.t.Errorf("only %d routes of %s were looked for", checked, at)
	}
}
