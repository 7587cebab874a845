package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/govcrier/crier/api/problem"
)

// loaded is the document, with every example in it validated.
func loaded(tb testing.TB) *openapi3.T {
	tb.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openapi)
	if err != nil {
		tb.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		tb.Fatal(err)
	}
	return doc
}

func TestRoutesAndDocumentAgree(t *testing.T) {
	var documented, served []string
	for path, item := range loaded(t).Paths.Map() {
		for method, operation := range item.Operations() {
			documented = append(documented, fmt.Sprintf("%s %s public=%t open=%t", method, path,
				operation.Security != nil && len(*operation.Security) == 0, operation.Security != nil && len(*operation.Security) == 2))
		}
	}
	for _, r := range newServer(newEngine()).routes() {
		served = append(served, fmt.Sprintf("%s public=%t open=%t", r.name(), r.scope == public, r.scope.any(passerby)))
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented\n%s\nserved\n%s", strings.Join(documented, "\n"), strings.Join(served, "\n"))
	}
}

func TestCatalogueAndDocumentAgree(t *testing.T) {
	doc := loaded(t)
	var documented, known []string
	for name, response := range doc.Components.Responses {
		codes, _ := response.Value.Extensions["x-codes"].([]any)
		for _, code := range codes {
			documented = append(documented, fmt.Sprint(name, " ", code))
		}
	}
	names := statusNames(doc)
	for _, e := range problem.Catalogue() {
		known = append(known, names[e.Status]+" "+string(e.Code))
	}
	slices.Sort(documented)
	slices.Sort(known)
	if !slices.Equal(documented, known) {
		t.Errorf("documented\n%s\nknown\n%s", strings.Join(documented, "\n"), strings.Join(known, "\n"))
	}
	var listed []string
	for _, code := range doc.Components.Schemas["ProblemCode"].Value.Enum {
		listed = append(listed, code.(string))
	}
	if len(listed) != len(known) {
		t.Errorf("%d codes listed, %d known", len(listed), len(known))
	}
}

// statusNames tells which component describes a status.
func statusNames(doc *openapi3.T) map[int]string {
	names := map[int]string{http.StatusMethodNotAllowed: "MethodNotAllowed"} // of no operation
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				if name, ok := strings.CutPrefix(response.Ref, "#/components/responses/"); ok && status >= "400" {
					var n int
					_, _ = fmt.Sscan(status, &n)
					names[n] = name
				}
			}
		}
	}
	return names
}

// judge asks kin-openapi about requests and answers.
type judge struct{ router routers.Router }

func newJudge(t *testing.T) judge {
	t.Helper()
	router, err := gorillamux.NewRouter(loaded(t))
	if err != nil {
		t.Fatal(err)
	}
	return judge{router}
}

func (j judge) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := j.router.FindRoute(r)
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}, err
}

func (j judge) request(r *http.Request) error {
	input, err := j.input(r)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(context.Background(), input)
}

func TestSchemaAgreesOnBadBodies(t *testing.T) {
	j := newJudge(t)
	for _, tc := range badBodies() {
		if tc.unseen {
			continue
		}
		if err := j.request(ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", tc.body, nil}.request()); err == nil {
			t.Errorf("%s: refused here, and valid by openapi.yaml", tc.name)
		}
	}
}

func TestSchemaAgreesOnGoodBodies(t *testing.T) {
	j, s := newJudge(t), newServer(newEngine())
	for _, body := range []string{good, full, withContent(`{"sms":"x"}`), withContent(`{"html":"<p>\n\t</p>"}`), with(`"lane":"emergency"`),
		with(`"recipients":[{"phone":"+41791234567","name":""}]`), with(`"expiresAt":"2026-11-29T12:00:00Z","reference":""`),
		with(`"recipients":[{"email":"a@example.com","phone":"+996555000111","channels":["sms","email"],"language":"zh-Hans","values":{"child_1":""}}]`),
		withContent(`{"text":"{{#a}}{{a}}{{/a}}","mustache":true,"languages":{"ky":{"sms":"{{language}}"},"de-CH":{"subject":"x"}}}`),
		withContent(`{"text":"{{name}}","mustache":true},"recipients":[{"phone":"+996555000111","values":{"name":"A"}}]`),
		with(`"from":{"email":"NoReply@health.example"}`), with(`"from":{"sms":"health"}`)} {
		a := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", body, nil}
		if err := j.request(a.request()); err != nil {
			t.Errorf("%s: taken here, and not valid by openapi.yaml: %v", body, err)
		}
		if w := a.of(s); w.Code != 202 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// Every answer is one that the document announces for its status, with the members that it announces.
func TestAnswersAreAsDocumented(t *testing.T) {
	j := newJudge(t)
	const room, m = "/v1/rooms/newborn", "/v1/messages/" + umid
	match := []string{"If-Match", `"7"`}
	for _, a := range []ask{
		{"POST", room + "/messages", "hosp-7", full, nil}, {"POST", room + "/messages", "other", full, nil},
		{"POST", room + "/messages", "hosp-8", full, nil}, {"POST", room + "/messages", "hosp-7", "x", nil},
		{"POST", room + "/messages", "hosp-7", with(`"callback":1`), nil}, {"POST", room + "/messages", "", good, nil},
		{"POST", room + "/messages", "hosp-7", good, []string{"Content-Type", "text/plain"}},
		{"POST", room + "/messages/preview", "hosp-7", full, nil}, {"POST", room + "/messages/preview", "other", full, nil},
		{"POST", room + "/messages/preview", "hosp-8", good, nil}, {"POST", room + "/messages/preview", "hosp-8", full, nil},
		{"POST", room + "/messages/preview", "hosp-7", "x", nil}, {"POST", room + "/messages/preview", "hosp-7", good, []string{"Content-Type", "text/plain"}},
		{"GET", room + "/messages?limit=1", "hosp-7", "", nil}, {"GET", room + "/messages?limit=x", "hosp-7", "", nil},
		{"POST", room + "/alerts", "hosp-7", alert(), asCAP()}, {"POST", room + "/alerts", "hosp-7", alert("Severe", "x"), asCAP()},
		{"POST", room + "/alerts", "hosp-7", alert("Actual", "Draft"), asCAP()}, {"POST", room + "/alerts", "other", alert(), asCAP()},
		{"GET", room + "/alerts/" + umid, "boss", "", nil}, {"GET", room + "/alerts", "other", "", nil},
		{"POST", "/v1/rooms", "root+admin", `{"name":"coast","alerts":{"public":true,"areas":[{"geocode":"SAME","attribute":"same"},{"geocode":"areaDesc","attribute":"place"}]}}`, nil},
		{"PUT", room, "boss", `{"alerts":{"areas":[{"geocode":"SAME","attribute":"language"}]}}`, match}, {"PUT", room, "boss", `{"alerts":{"colour":1}}`, match},
		{"GET", m, "hosp-7", "", nil}, {"GET", m, "other", "", nil}, {"GET", m + "/deliveries?limit=2&cursor=1", "hosp-7", "", nil}, {"GET", m + "/deliveries?history=true", "hosp-7", "", nil},
		{"GET", m + "/deliveries?limit=1", "hosp-7", "", nil}, {"GET", room + "/messages?waiting=true", "hosp-7", "", nil},
		{"POST", m + "/pause", "hosp-7", "", nil}, {"POST", m + "/resume", "boss", "", nil}, {"POST", m + "/cancel", "boss", "", nil},
		{"POST", m + "/resend", "hosp-7", "", nil}, {"POST", m + "/resend", "eye+auditor", "", nil}, {"POST", m + "/pause", "other", "", nil},
		{"GET", m + "/content", "hosp-8", "", nil}, {"GET", m + "/content", "other", "", nil},
		{"POST", m + "/resend", "hosp-7", `{"deliveries":[1,2],"reasons":["expired"],"channels":["sms"]}`, nil}, {"POST", m + "/resend", "hosp-7", `{"deliveries":[-1]}`, nil},
		{"POST", m + "/drop", "hosp-7", `{"reasons":["unknown"]}`, nil}, {"POST", m + "/drop", "boss", "", nil}, {"POST", m + "/drop", "other", "", nil},
		{"GET", room + "/failed?limit=1&reason=unknown&reason=expired&channel=sms&since=2026-11-22T00:00:00Z", "hosp-7", "", nil},
		{"GET", room + "/failed?cursor=x", "boss", "", nil}, {"GET", room + "/failed?reason=x", "boss", "", nil}, {"GET", room + "/failed", "other", "", nil},
		{"POST", room + "/failed/resend", "hosp-7", `{"umid":"` + umid + `","type":"reminder","reasons":["expired"],"channels":["sms"],"since":"2026-11-22T00:00:00Z","until":"2026-11-23T00:00:00Z","cursor":"` + umid + `"}`, nil},
		{"POST", room + "/failed/resend", "boss", `{"since":"today"}`, nil}, {"POST", room + "/failed/drop", "boss", `{}`, nil}, {"POST", room + "/failed/drop", "other", `{}`, nil},
		{"POST", m + "/release", "hosp-8", "", nil}, {"POST", m + "/release", "other", "", nil}, {"POST", m + "/reject", "boss", "", nil},
		{"POST", room + "/messages", "hosp-7", with(`"sendAt":"2026-11-23T00:00:00Z","exercise":true,"alert":"update","references":"` + umid + `"`), nil},
		{"POST", room + "/messages", "hosp-7", with(`"repeat":{"cron":"0 9 * * 1","zone":"UTC","until":"2027-01-01T00:00:00Z","times":3}`), nil},
		{"POST", "/v1/rooms", "root+admin", `{"name":"fresh","publishers":[{"client":"a"}]}`, nil}, {"POST", "/v1/rooms", "root+admin", `{"name":"taxes"}`, nil},
		{"GET", "/v1/rooms?limit=1", "root+admin", "", nil}, {"GET", room, "boss", "", nil},
		{"PUT", room, "boss", `{"admins":["boss"]}`, match}, {"PUT", room, "boss", `{}`, nil}, {"PUT", room, "boss", `{}`, []string{"If-Match", `"1"`}},
		{"DELETE", "/v1/rooms/newborn", "root+admin", "", match}, {"DELETE", "/v1/rooms/newborn", "root+admin", "", []string{"If-Match", `"6"`}},
		{"POST", room + "/subscribers", "boss", `{"email":"a@example.com"}`, nil},
		{"POST", room + "/subscribers", "boss", `{"email":"a@example.com","phone":"+996555000111","channels":["sms","email"],"language":"ky","attributes":{"district":"emme"},"confirm":true}`, nil},
		{"POST", room + "/subscribers", "boss", `{"name":"A"}`, nil},
		{"GET", room + "/subscribers/" + subscriber, "boss", "", nil}, {"GET", room + "/subscribers/" + strings.Repeat("y", 26) + "A", "boss", "", nil},
		{"PATCH", room + "/subscribers/" + subscriber, "boss", `{"language":"de","attributes":{}}`, nil},
		{"PATCH", room + "/subscribers/" + subscriber, "boss", `{"email":"b@example.com"}`, nil}, {"PATCH", room + "/subscribers/" + subscriber, "boss", `{}`, match},
		{"POST", room + "/subscribers/" + subscriber + "/pause", "boss", `{"until":"2027-01-08T00:00:00+06:00"}`, nil},
		{"POST", room + "/subscribers/" + subscriber + "/resume", "boss", "", nil}, {"POST", room + "/subscribers/" + subscriber + "/approve", "boss", "", nil},
		{"POST", room + "/subscribers/" + subscriber + "/decline", "boss", "", nil},
		{"POST", room + "/subscribers/" + subscriber + "/confirm", "other", `{"code":"` + goodCode + `"}`, nil}, {"POST", room + "/subscribers/" + subscriber + "/confirm", "other", `{"code":"x"}`, nil},
		{"POST", room + "/requests", "other", `{"email":"a@example.com"}`, nil},
		{"GET", room + "/subscribers?limit=2", "boss", "", nil},
		{"DELETE", room + "/subscribers/" + subscriber, "boss", "", nil}, {"DELETE", room + "/subscribers/" + strings.Repeat("y", 26) + "A", "boss", "", nil},
		{"GET", "/v1/providers", "eye+auditor", "", nil}, {"GET", "/v1/providers/email/first", "eye+auditor", "", nil}, {"GET", "/v1/providers/sms/first", "root+admin", "", nil},
		{"PUT", "/v1/providers/email/first", "root+admin", `{"state":"pinned","factor":25}`, nil}, {"PUT", "/v1/providers/email/first", "root+admin", `{"state":"drained"}`, match},
		{"PUT", "/v1/providers/email/first", "root+admin", `{"state":"running"}`, []string{"If-Match", `"6"`}}, {"PUT", "/v1/providers/email/first", "root+admin", `{"state":"running","factor":101}`, nil},
		{"POST", "/v1/providers/email/first/test", "root+admin", `{"email":"a@example.com"}`, nil}, {"POST", "/v1/providers/email/first/test", "root+admin", `{"phone":"+996555000111"}`, nil},
		{"GET", room + "/replies", "hosp-7", "", nil}, {"GET", room + "/replies?limit=1&cursor=3", "boss", "", nil}, {"GET", room + "/replies/17", "hosp-7", "", nil},
		{"GET", room + "/replies/16", "hosp-7", "", nil}, {"GET", room + "/replies/0", "hosp-7", "", nil}, {"GET", room + "/replies", "other", "", nil},
		{"DELETE", room + "/replies/17", "boss", "", nil}, {"GET", "/v1/unmatched", "officer+dpo", "", nil}, {"GET", "/v1/unmatched", "boss", "", nil},
		{"POST", "/v1/unmatched/18/release", "officer+dpo", `{"room":"newborn"}`, nil}, {"POST", "/v1/unmatched/18/release", "officer+dpo", `{"umid":"x"}`, nil},
		{"POST", "/v1/unmatched/18/release", "officer+dpo", `{"room":"newborn","umid":"01K9ZZZZZZABCDEFGHJKMNPQRS"}`, nil},
		{"DELETE", "/v1/unmatched/18", "root+admin", "", nil}, {"DELETE", "/v1/unmatched/19", "root+admin", "", nil},
		{"GET", "/v1/suppressions", "root+admin", "", nil}, {"POST", "/v1/suppressions/find", "officer+dpo", `{"email":"a@example.com"}`, nil},
		{"POST", "/v1/suppressions/find", "officer+dpo", `{"email":"b@example.com"}`, nil}, {"DELETE", "/v1/suppressions/" + subscriber, "root+admin", "", nil},
		{"POST", "/v1/persons/export", "officer+dpo", `{"email":"a@example.com"}`, nil}, {"POST", "/v1/persons/export", "root+admin", `{"email":"a@example.com"}`, nil},
		{"POST", "/v1/persons/erase", "officer+dpo", `{"email":"a@example.com"}`, nil}, {"POST", "/v1/persons/erase", "officer+dpo", `{}`, nil},
		{"GET", "/v1/connections", "root+admin", "", nil}, {"GET", "/v1/blocked", "eye+auditor", "", nil},
		{"PUT", "/v1/blocked/hosp-9", "root+admin", "", nil}, {"DELETE", "/v1/blocked/hosp-9", "root+admin", "", nil},
		{"PUT", "/v1/blocked/root", "root+admin", "", nil}, {"GET", room, "intruder", "", nil},
		{"GET", "/v1/clients", "eye+auditor", "", nil}, {"GET", "/v1/clients/hosp-7", "hosp-7", "", nil}, {"GET", "/v1/clients/hosp-9", "root+admin", "", nil},
		{"PUT", "/v1/clients/hosp-9", "root+admin", `{"organisation":"Tax Office","email":["*@tax.example"],"sms":["TAX"]}`, nil},
		{"PUT", "/v1/clients/hosp-9", "root+admin", `{"organisation":"Tax Office","sms":["health"]}`, nil},
		{"PUT", "/v1/clients/hosp-7", "root+admin", `{"organisation":"Health"}`, []string{"If-Match", `"1"`}}, {"PUT", "/v1/clients/hosp-7", "root+admin", `{"organisation":"x"}`, match},
		{"PUT", "/v1/clients/hosp-7", "root+admin", `{"organisation":"Health"}`, nil}, {"PUT", "/v1/clients/hosp-7", "root+admin", `{"email":["x"]}`, nil},
		{"DELETE", "/v1/clients/hosp-7", "root+admin", "", nil}, {"DELETE", "/v1/clients/hosp-9", "root+admin", "", nil}, {"GET", "/v1/quota", "hosp-7", "", nil},
		{"POST", "/v1/clients/hosp-7/keys", "root+admin", "", nil}, {"POST", "/v1/clients/hosp-9/keys", "root+admin", "", nil}, {"POST", "/v1/clients/hosp-7/keys", "boss", "", nil},
		{"GET", "/v1/clients/hosp-7/keys", "hosp-7", "", nil}, {"DELETE", "/v1/clients/hosp-7/keys/" + goodKeyID, "root+admin", "", nil},
		{"DELETE", "/v1/clients/hosp-7/keys/BBBBBBBBBBBB", "root+admin", "", nil}, {"DELETE", "/v1/clients/hosp-7/keys/x", "root+admin", "", nil},
		{"POST", room + "/messages", "hosp-7", with(`"from":{"email":"noreply@health.example","sms":"HEALTH"}`), nil},
		{"POST", room + "/messages", "hosp-7", with(`"from":{"email":"noreply@tax.example"}`), nil},
		{"POST", room + "/consumers", "clinic-4", `{"name":"fresh","lane":"bulk","type":"x","start":{"sequence":7},"ackWait":5,"maxDeliver":3}`, nil},
		{"POST", room + "/consumers", "clinic-4", `{"name":"ledger","start":{"from":"all"}}`, nil}, {"POST", room + "/consumers", "clinic-4", `{"name":"ledger","lane":"bulk"}`, nil},
		{"GET", room + "/consumers?limit=1", "boss", "", nil}, {"GET", room + "/consumers/ledger", "clinic-4", "", nil}, {"GET", room + "/consumers/none", "clinic-4", "", nil},
		{"POST", room + "/consumers/ledger/reset", "clinic-4", `{"time":"2026-11-22T00:00:00Z"}`, nil}, {"POST", room + "/consumers/ledger/reset", "clinic-4", `{}`, nil},
		{"POST", room + "/consumers/ledger/pull", "clinic-4", `{"max":1,"wait":0}`, nil}, {"POST", room + "/consumers/ledger/pull", "clinic-4", `{"max":0}`, nil},
		{"POST", room + "/consumers/ledger/ack", "clinic-4", `{"acks":[],"naks":[],"working":[]}`, nil}, {"POST", room + "/consumers/ledger/ack", "clinic-4", `{"acks":["x"]}`, nil},
		{"DELETE", room + "/consumers/ledger", "clinic-4", "", nil}, {"DELETE", room + "/consumers/none", "clinic-4", "", nil},
		{"POST", "/v1/policies", "boss", `{"name":"fresh","retry":["1s"],"jitter":0,"expiry":"1h30m","duplicates":"resend"}`, nil},
		{"POST", "/v1/policies", "boss", `{"name":"patient"}`, nil}, {"POST", "/v1/policies", "boss", `{"name":"fresh","jitter":2,"expiry":"1s","retry":[]}`, nil},
		{"POST", "/v1/policies", "boss", `{"name":"fresh","duplicates":"avoid"}`, nil}, {"GET", "/v1/policies", "other", "", nil},
		{"POST", "/v1/policies/patient", "boss", `{}`, nil}, {"POST", "/v1/policies/none", "boss", `{}`, nil}, {"GET", "/v1/policies/patient", "other", "", nil},
		{"GET", "/v1/policies/none", "other", "", nil}, {"GET", "/v1/policies/patient/diff?from=1&to=2", "other", "", nil},
		{"GET", publishedOne, "other", "", nil}, {"GET", "/v1/policies/patient/9", "other", "", nil},
		{"PUT", draftedOne, "boss", `{"jitter":0.5}`, []string{"If-Match", `"3"`}}, {"PUT", draftedOne, "boss", `{}`, nil}, {"PUT", draftedOne, "boss", `{}`, match},
		{"PUT", publishedOne, "boss", `{}`, []string{"If-Match", `"1"`}},
		{"POST", draftedOne + "/submit", "boss", "", []string{"If-Match", `"3"`}}, {"POST", submittedOne + "/approve", "boss+dpo", "", []string{"If-Match", `"2"`}},
		{"POST", submittedOne + "/approve", "officer+dpo", "", []string{"If-Match", `"2"`}}, {"POST", approvedOne + "/publish", "boss", "", []string{"If-Match", `"4"`}},
		{"POST", publishedOne + "/retire", "boss", "", []string{"If-Match", `"1"`}}, {"PUT", room, "boss", `{"policy":{"name":"patient"}}`, match},
		{"POST", "/v1/policies", "boss", `{"name":"fresh",` + everyRule[1:], nil}, {"GET", "/v1/policies?limit=1", "boss", "", nil},
		{"DELETE", draftedOne, "boss", "", []string{"If-Match", `"3"`}}, {"DELETE", publishedOne, "boss", "", []string{"If-Match", `"1"`}},
		{"PUT", "/v1/policies/patient/author", "root+admin", `{"client":"hosp-7"}`, nil}, {"PUT", "/v1/policies/patient/author", "root+admin", `{}`, nil},
		{"GET", "/v1/webpush/key", "", "", nil},
		{"GET", "/healthz", "", "", nil}, {"GET", "/readyz", "", "", nil}, {"GET", "/metrics", "", "", nil},
	} {
		w := a.of(serverOn(newEngine(), Options{Metrics: true}, io.Discard))
		input, err := j.input(a.request())
		if err != nil {
			t.Fatal(err)
		}
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: w.Code, Header: w.Header(),
			Body:    io.NopCloser(strings.NewReader(w.Body.String())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			t.Errorf("%s %s: %d %s\n%v", a.method, a.path, w.Code, w.Body, err)
		}
	}
}
