package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// TestExamplesOfTheDocument makes every call of the document as the document shows it: with the body of each example, on
// a gateway that has what the path names. Each has to succeed, and its answer to be as documented.
func TestExamplesOfTheDocument(t *testing.T) {
	s := newStand(t, []string{"policy.release=two-person", "providers.sms.weight=1", textsByHTTP,
		"providers.webpush.kind=vapid", "providers.webpush.contact=mailto:ops@example.org", "providers.webpush.keyFile=" + pushKeyFile(t)}, nil)
	s.know.links.Serve(s.app.URL())
	doc, err := openapi3.NewLoader().LoadFromData([]byte(ask(t, "GET", s.app.URL()+"/v1/openapi.yaml", "", "").body))
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	for n, e := range examplesOf(t, doc) {
		t.Run(e.String(), func(t *testing.T) {
			x := &exampleRun{stand: s, t: t, example: e, router: router, room: fmt.Sprintf("ward%d", n), policy: fmt.Sprintf("plan%d", n)}
			x.run()
		})
	}
}

// textsByHTTP is a provider whose calls are believed if they come from here.
const textsByHTTP = "providers.sms.more=[{name: texts, kind: http, http: {request: {url: 'https://sms.example.org/send', form: {to: '{{.to}}'}}, " +
	"verify: {networks: [127.0.0.0/8, '::1/128']}, receipt: {status: 'form:MessageStatus', statuses: {sent: ignored}}}}]"

// example is a call as the document shows it.
type example struct {
	operation *openapi3.Operation
	item      *openapi3.PathItem
	method    string
	path      string
	name      string // of one among several
	kind      string // of the body
	body      string
}

func (e example) String() string {
	return strings.TrimRight(e.operation.OperationID+"/"+e.kind+"/"+e.name, "/")
}

// examplesOf lists the calls of a document. One that needs a body has to show one.
func examplesOf(t *testing.T, doc *openapi3.T) (all []example) {
	t.Helper()
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			one := example{operation: operation, item: item, method: method, path: path}
			if operation.RequestBody == nil {
				all = append(all, one)
				continue
			}
			bodies := one.bodies()
			if len(bodies) == 0 {
				t.Errorf("%s %s: no example of a body", method, path)
			}
			all = append(all, bodies...)
		}
	}
	slices.SortFunc(all, func(a, b example) int { return strings.Compare(a.String(), b.String()) })
	return all
}

func (e example) bodies() (all []example) {
	for kind, media := range e.operation.RequestBody.Value.Content {
		e.kind = kind
		values := map[string]any{}
		if media.Example != nil {
			values[""] = media.Example
		}
		for name, ref := range media.Examples {
			values[name] = ref.Value.Value
		}
		for name, v := range values {
			e.name, e.body = name, written(v)
			all = append(all, e)
		}
	}
	return all
}

// written is a body as it is sent: JSON, unless the document shows text.
func written(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// exampleRun makes one call.
type exampleRun struct {
	*stand
	t *testing.T
	example
	router       routers.Router
	room, policy string
}

func (x *exampleRun) run() {
	path := x.fill()
	if prepare := preparations()[x.operation.OperationID]; prepare != nil {
		prepare(x)
	}
	switch x.kind {
	case "multipart/form-data":
		x.form()
	case "application/x-www-form-urlencoded":
		x.fields()
	}
	a := x.call(path)
	if a.status >= 300 {
		x.t.Fatalf("%s %s %s: %d %s", x.method, path, x.body, a.status, a.body)
	}
	x.judge(a)
}

// exampleAnswer is what came back.
type exampleAnswer struct {
	request *http.Request
	status  int
	header  http.Header
	body    []byte
}

// judge holds the answer against the document.
func (x *exampleRun) judge(a exampleAnswer) {
	a.request.Method = strings.Replace(a.request.Method, http.MethodHead, http.MethodGet, 1)
	route, params, err := x.router.FindRoute(a.request)
	if err != nil {
		x.t.Fatal(err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: a.request, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !strings.HasPrefix(a.header.Get("Content-Type"), "application/json")},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		x.t.Errorf("%d %s: %v", a.status, a.body, err)
	}
}

// callers are tried in turn: a call that is forbidden, or about what is not the caller's, changes nothing.
func callers() []string { return []string{demoPublisher, demoReader, demoAdmin, demoDPO, demoAuditor} }

func (x *exampleRun) call(path string) (a exampleAnswer) {
	x.t.Helper()
	for _, who := range callers() {
		ctx, cancel := context.WithTimeout(x.t.Context(), 20*time.Second)
		x.t.Cleanup(cancel)
		r, err := http.NewRequestWithContext(ctx, x.method, x.app.URL()+path, strings.NewReader(asOfNow(x.body)))
		if err != nil {
			x.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+x.token(who))
		if x.kind != "" {
			r.Header.Set("Content-Type", x.kind)
		}
		x.match(r)
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			x.t.Fatal(err)
		}
		a = exampleAnswer{request: r, status: w.StatusCode, header: w.Header}
		a.body, err = io.ReadAll(w.Body)
		_ = w.Body.Close()
		if err != nil {
			x.t.Fatal(err)
		}
		if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
			break
		}
	}
	return a
}

// match sets If-Match to what is there now, where the operation asks for it.
func (x *exampleRun) match(r *http.Request) {
	for _, p := range x.parameters() {
		if p.Value.Name != "If-Match" || !p.Value.Required {
			continue
		}
		at := *r.URL
		if !strings.HasSuffix(x.path, "}") { // an action, of what stands above it
			at.Path = at.Path[:strings.LastIndex(at.Path, "/")]
		}
		for _, who := range callers() {
			read, err := http.NewRequestWithContext(r.Context(), http.MethodGet, at.String(), nil)
			if err != nil {
				x.t.Fatal(err)
			}
			read.Header.Set("Authorization", "Bearer "+x.token(who))
			a, err := http.DefaultClient.Do(read)
			if err != nil {
				x.t.Fatal(err)
			}
			_ = a.Body.Close()
			if tag := a.Header.Get("ETag"); tag != "" {
				r.Header.Set("If-Match", tag)
				return
			}
		}
	}
}

func (x *exampleRun) parameters() openapi3.Parameters {
	return append(slices.Clone(x.item.Parameters), x.operation.Parameters...)
}

// written2026 is when the examples were written.
func written2026() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) }

// asOfNow moves the times of an example, so that what lay ahead still does.
func asOfNow(body string) string {
	moment := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)
	return moment.ReplaceAllStringFunc(body, func(s string) string {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return s
		}
		return at.Add(time.Since(written2026())).Format(time.RFC3339)
	})
}

// fill puts what there is into the path, and what the document shows into the query.
func (x *exampleRun) fill() string {
	path := x.path
	x.makeRoom()
	for _, p := range x.parameters() {
		hole := "{" + p.Value.Name + "}"
		if p.Value.In == openapi3.ParameterInPath && strings.Contains(path, hole) {
			path = strings.ReplaceAll(path, hole, x.named(p.Value.Name))
		}
	}
	separator := "?"
	for _, p := range x.parameters() {
		if p.Value.In == openapi3.ParameterInQuery && p.Value.Required {
			path += fmt.Sprintf("%s%s=%v", separator, p.Value.Name, p.Value.Example)
			separator = "&"
		}
	}
	return path
}

// makeRoom makes the room that the call is about, in which the demonstration's publisher is admin too.
func (x *exampleRun) makeRoom() {
	c := rooms.RoomConfig{Name: rooms.Room(x.room), Join: rooms.JoinApproval, Admins: []rooms.Client{demoPublisher},
		Publishers: []rooms.Publisher{{Client: demoPublisher, Direct: true}, {Client: demoAdmin}}, Readers: []rooms.Client{demoReader}}
	if _, err := x.know.rooms.Create(x.t.Context(), c); err != nil {
		x.t.Fatal(err)
	}
}

// named makes what a path names, and gives its name.
func (x *exampleRun) named(parameter string) string {
	switch parameter {
	case "room":
		return x.room
	case "umid":
		if id := x.operation.OperationID; id == "releaseMessage" || id == "rejectMessage" || id == "getAwaitedContent" {
			return x.created(demoPublisher, "/messages", `{"transactionId":"`+x.room+`","type":"alert","lane":"emergency","content":{"text":"Go."}}`)
		}
		if x.operation.OperationID == "getAlert" {
			a := ask(x.t, "POST", x.app.URL()+"/v1/rooms/"+x.room+"/alerts", x.token(demoPublisher), stormAlert(x.room), "Content-Type", "application/cap+xml")
			return a.UMID
		}
		return x.created(demoPublisher, "/messages", `{"transactionId":"`+x.room+`","type":"reminder","content":{"text":"Come."},"recipients":[{"email":"a@example.com"}]}`)
	case "subscriber":
		return x.subscriber()
	case "suppression":
		return x.suppress(x.room + "@example.com")
	case "reply":
		if strings.Contains(x.path, "unmatched") {
			x.body = strings.Replace(x.body, "newborn", x.room, 1)
			return x.writes("", "Hello?")
		}
		return x.writes(rooms.Room(x.room), "Can I come on Wednesday?")
	case "token":
		return x.link()
	case "webhook":
		return x.created(demoReader, "/webhooks", `{"url":"https://clinic.example.org/crier"}`)
	case "consumer":
		x.created(demoReader, "/consumers", `{"name":"ledger"}`)
		return "ledger"
	case "policy":
		for range 2 {
			x.draft()
		}
		return x.policy
	case "revision":
		return "1"
	case "provider":
		if strings.HasPrefix(x.operation.OperationID, "hear") {
			return "texts"
		}
		return "sandbox"
	case "kind":
		return "receipt?MessageStatus=sent"
	case "client":
		return "hosp-7"
	case "key":
		x.register()
		return x.made(demoAdmin, "/v1/clients/hosp-7/keys", "")
	case "channel":
		return "email"
	}
	x.t.Fatalf("nothing is known of {%s}", parameter)
	return ""
}

// subscriber makes one, in the state that the call is about.
func (x *exampleRun) subscriber() string {
	switch x.operation.OperationID {
	case "approveSubscriber", "declineSubscriber":
		return x.created(demoPublisher, "/requests", `{"email":"b@example.com"}`)
	case "confirmSubscriber":
		to := x.room + "@example.com"
		id := x.created(demoPublisher, "/subscribers", `{"email":"`+to+`","confirm":true}`)
		x.body = `{"code":"` + x.invited(to) + `"}`
		return id
	}
	return x.created(demoPublisher, "/subscribers", `{"email":"b@example.com"}`)
}

// link is the last part of a link that a person was sent.
func (x *exampleRun) link() string {
	address, err := rooms.ParseEmail("b@example.com")
	if err != nil {
		x.t.Fatal(err)
	}
	id := x.created(demoPublisher, "/subscribers", `{"email":"b@example.com"}`)
	at := x.know.links.Leave(rooms.Room(x.room), rooms.SubscriberID(id), rooms.Contact{Channel: rooms.Email, Address: address}).Reveal()
	if strings.Contains(x.path, "/confirm/") {
		to := x.room + "@example.com"
		id = x.created(demoPublisher, "/subscribers", `{"email":"`+to+`","confirm":true}`)
		at = x.know.links.Confirm(rooms.Room(x.room), rooms.SubscriberID(id), x.invited(to))
	}
	return at[strings.LastIndex(at, "/")+1:]
}

// form makes a form of the parts that an example shows.
func (x *exampleRun) form() {
	var parts map[string]jsontext.Value
	if err := json.Unmarshal([]byte(x.body), &parts); err != nil {
		x.t.Fatal(err)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range parts {
		kind, content := "application/json", []byte(value)
		if value.Kind() == '"' {
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				x.t.Fatal(err)
			}
			kind, content = "text/csv", []byte(text)
		}
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}, "Content-Type": {kind}})
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			x.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		x.t.Fatal(err)
	}
	x.kind, x.body = w.FormDataContentType(), body.String()
}

// fields makes a form of the fields that an example shows.
func (x *exampleRun) fields() {
	var shown map[string]string
	if err := json.Unmarshal([]byte(x.body), &shown); err != nil {
		x.t.Fatal(err)
	}
	fields := url.Values{}
	for name, value := range shown {
		fields.Set(name, value)
	}
	x.body = fields.Encode()
}

// created makes something in the room, and gives its id.
func (x *exampleRun) created(who, where, body string) string {
	x.t.Helper()
	return x.made(who, "/v1/rooms/"+x.room+where, body)
}

func (x *exampleRun) made(who, where, body string) string {
	x.t.Helper()
	a := ask(x.t, "POST", x.app.URL()+where, x.token(who), body)
	if a.status >= 300 {
		x.t.Fatalf("%s: %d %s", where, a.status, a.body)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(a.body), &made); err != nil {
		x.t.Fatal(err)
	}
	return made.ID + a.UMID
}

// draft makes the next revision of the policy.
func (x *exampleRun) draft() {
	x.t.Helper()
	a := ask(x.t, "POST", x.app.URL()+"/v1/policies/"+x.policy, x.token(demoPublisher), `{"expiry":"24h"}`)
	if a.status == http.StatusNotFound {
		a = ask(x.t, "POST", x.app.URL()+"/v1/policies", x.token(demoPublisher), `{"name":"`+x.policy+`","expiry":"48h"}`)
	}
	if a.status >= 300 {
		x.t.Fatalf("draft: %d %s", a.status, a.body)
	}
}

// step brings the first revision of the policy a step further.
func (x *exampleRun) step(steps ...rooms.PolicyStep) {
	for _, step := range steps {
		by := rooms.Client(demoPublisher)
		if step == rooms.ApprovePolicy {
			by = demoDPO
		}
		r := rooms.Revision{Name: x.policy, Revision: 1}
		one, err := x.know.policies.Get(x.t.Context(), r)
		if err == nil {
			_, err = x.know.policies.Take(x.t.Context(), r, one.Entry, step, by)
		}
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// preparations are what has to have happened before some calls.
func preparations() map[string]func(*exampleRun) {
	callback := func(x *exampleRun) {
		ask(x.t, "PUT", x.app.URL()+"/v1/callback", x.token(demoPublisher), `{"url":"https://clinic.example.org/crier"}`)
	}
	return map[string]func(*exampleRun){
		"getCallback":     callback,
		"removeCallback":  callback,
		"rotateCallback":  callback,
		"approvePolicy":   func(x *exampleRun) { x.step(rooms.SubmitPolicy) },
		"publishPolicy":   func(x *exampleRun) { x.step(rooms.SubmitPolicy, rooms.ApprovePolicy) },
		"retirePolicy":    func(x *exampleRun) { x.step(rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy) },
		"getClient":       func(x *exampleRun) { x.register() },
		"makeAPIKey":      func(x *exampleRun) { x.register() },
		"putClient":       func(x *exampleRun) { ask(x.t, "DELETE", x.app.URL()+"/v1/clients/hosp-7", x.token(demoAdmin), "") },
		"findSuppression": func(x *exampleRun) { x.suppress("a@example.com") },
		"streamMessages":  func(x *exampleRun) { x.method = http.MethodHead }, // a stream has no end
		"pull":            func(x *exampleRun) { x.toAll() },
		"ack":             func(x *exampleRun) { x.toAll(); x.acknowledge() },
	}
}

// register makes the example's client a sender.
func (x *exampleRun) register() {
	ask(x.t, "PUT", x.app.URL()+"/v1/clients/hosp-7", x.token(demoAdmin), `{"organisation":"Ministry of Health"}`)
}

// toAll publishes what a consumer can pull.
func (x *exampleRun) toAll() {
	x.created(demoPublisher, "/messages", `{"transactionId":"`+x.room+`-all","type":"reminder","content":{"text":"Come."}}`)
}

// acknowledge puts the ack of a message that was handed out in the place of the example's.
func (x *exampleRun) acknowledge() {
	a := ask(x.t, "POST", x.app.URL()+"/v1/rooms/"+x.room+"/consumers/ledger/pull", x.token(demoReader), `{"max":1,"wait":10}`)
	var got v1.Pulled
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Messages) != 1 {
		x.t.Fatalf("%s %v", a.body, err)
	}
	x.body = `{"acks":["` + string(got.Messages[0].Ack) + `"]}`
}
