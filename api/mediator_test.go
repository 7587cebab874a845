package api

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	eventUMID = "01KAMVJVG0ZJ2C5YD3GZ7A8Q4N"
	imRoom    = "/r1/neverland/GOV/capital-city/newborn"

	newBirth   = `{"eventType":"newBirth","schema":{"type":"object","required":["gender"]}}`
	newDeath   = `{"eventType":"newDeath","schema":{"type":"object"}}`
	birthEvent = `{"eventType":"newBirth","event":{"gender":"F"}}`
	pullBirth  = `{"eventType":"newBirth","delivery":"PULL"}`
)

// withEvents is an engine whose room has an event type, and an event of hosp-7.
func withEvents() *engine {
	e := newEngine()
	room := e.rooms["newborn"]
	room.EventTypes = []rooms.EventType{{Name: "newBirth", Schema: []byte(`{"type":"object","required":["gender"]}`)}}
	e.rooms["newborn"] = room
	e.messages[eventUMID] = index.Summary{Header: rooms.Header{
		UMID: eventUMID, Room: "newborn", Type: "newbirth", Lane: rooms.Normal, Publisher: "hosp-7", Event: true, Sequence: 41,
		ReceivedAt: noon(), ExpiresAt: noon().Add(24 * time.Hour),
	}}
	e.callbacks["clinic-4"], e.callbacks["boss"] = registry.Callback{To: hookOf(hookID, "clinic-4", "https://app.example/events", 1).To}, registry.Callback{To: hookOf(hookID, "boss", "https://boss.example", 1).To}
	return e
}

func (e *engine) mediating(o mediator.Options) *Server {
	return serverOn(e, Options{Mediator: o}, io.Discard)
}

// asClient asks with a token, as an application of that name.
func asClient(method, path, token, body string, header ...string) ask {
	name, _, _ := strings.Cut(token, "+")
	return ask{method, path, token, body, append([]string{"X-GovStack-Client", "neverland/GOV/anybody/" + cmp.Or(name, "nobody")}, header...)}
}

func TestMediatorAuthorisationMatrix(t *testing.T) {
	event := mediator.EventID(eventUMID)
	const everybody = "admin auditor boss author publisher reader"
	for _, tc := range []struct {
		method, path, body string
		allowed            string
		hidden             bool // from whoever may not, though he may something in the room
	}{
		{"POST", "/api/v1/eventType", newDeath, "admin boss", false},
		{"GET", "/api/v1/eventType", "", everybody, false},
		{"GET", "/api/v1/eventType/newBirth", "", everybody, false},
		{"DELETE", "/api/v1/eventType/newBirth", "", "admin boss", false},
		{"POST", "/pub/v1/newBirth", birthEvent, "boss author publisher", false},
		{"GET", "/pub/v1/newBirth/" + event, "", "admin auditor boss author", true},
		{"DELETE", "/pub/v1/newBirth/" + event, "", "boss author", true},
		{"GET", "/api/v1/subs", "", "boss reader", false},
		{"POST", "/api/v1/subs/newBirth", pullBirth, "boss reader", false},
		{"GET", "/api/v1/subs/newBirth", "", "boss reader", false},
		{"PATCH", "/api/v1/subs/newBirth", pullBirth, "boss reader", false},
		{"DELETE", "/api/v1/subs/newBirth", "", "boss reader", false},
		{"GET", "/pull/v1/newBirth", "", "boss reader", false},
		{"DELETE", "/pull/v1/newBirth/" + event, "", "boss reader", true},
	} {
		for name, token := range callers() {
			prefixes := []string{imRoom}
			if name == "boss" || name == "stranger" { // the paths are the same for all
				prefixes = append(prefixes, strings.TrimPrefix(imRoom, "/r1"), strings.Replace(imRoom, "newborn", "NewBorn", 1))
			}
			for _, prefix := range prefixes {
				e := withEvents()
				w := asClient(tc.method, prefix+tc.path, token, tc.body).of(e.mediating(mediator.Options{}))
				code := ""
				if w.Code >= 400 {
					code = string(problemIn(t, w).Code)
				}
				want, got := "", fmt.Sprint(w.Code, " ", code)
				switch {
				case token == "":
					want = "401 token_missing"
				case strings.Contains(" "+tc.allowed+" ", " "+name+" "):
					if w.Code < 300 || code == "unknown_subscription" || code == "no_event" {
						continue
					}
				case !strings.Contains(everybody, name) || name == "dpo":
					want = "404 unknown_room"
				case tc.hidden && (name == "admin" || name == "auditor" || name == "author"), !tc.hidden:
					want = "403 forbidden"
				default:
					want = "404 unknown_message"
				}
				if got != want {
					t.Errorf("%s %s by %s: %s, want %q", tc.method, prefix+tc.path, name, got, want)
				}
				if e.count() > 0 || len(e.consumers) != 1 || len(e.decided) > 0 || len(e.rooms["newborn"].EventTypes) != 1 {
					t.Errorf("%s %s by %s: refused, and done all the same", tc.method, tc.path, name)
				}
			}
		}
	}
}

func TestNobodyIsAnotherOnTheMediator(t *testing.T) {
	const path = imRoom + "/api/v1/eventType"
	o := mediator.Options{Clients: map[string]mediator.Client{"neverland/GOV/health/registry": {Client: "hosp-7"}, "neverland/GOV/health/hosp-8": {Client: "hosp-7"}}}
	for name, tc := range map[string]struct {
		token  string
		header []string
		want   string
	}{
		"as registered":             {"hosp-7", []string{"X-GovStack-Client", "neverland/GOV/health/registry"}, "200"},
		"in its older spelling":     {"hosp-7", []string{"Information-Mediator-Client", "neverland/GOV/health/registry"}, "200"},
		"by its own name":           {"hosp-7", []string{"X-GovStack-Client", "neverland/GOV/any/hosp-7"}, "200"},
		"whose name is another's":   {"hosp-8", []string{"X-GovStack-Client", "neverland/GOV/health/hosp-8"}, "403 forbidden"},
		"as another that is known":  {"hosp-8", []string{"X-GovStack-Client", "neverland/GOV/health/registry"}, "403 forbidden"},
		"as another that is not":    {"hosp-8", []string{"X-GovStack-Client", "neverland/GOV/any/hosp-7"}, "403 forbidden"},
		"as nobody":                 {"hosp-7", nil, "400 invalid_parameter"},
		"as two":                    {"hosp-7", []string{"X-GovStack-Client", "neverland/GOV/health/registry", "Information-Mediator-Client", "neverland/GOV/health/registry"}, "400 invalid_parameter"},
		"with three codes":          {"hosp-7", []string{"X-GovStack-Client", "neverland/GOV/health"}, "400 invalid_parameter"},
		"with a line break":         {"hosp-7", []string{"X-GovStack-Client", "neverland/GOV/health/a%0d%0aX: y"}, "400 invalid_parameter"},
		"without token":             {"", []string{"X-GovStack-Client", "neverland/GOV/health/registry"}, "401 token_missing"},
		"with a token that is not":  {"!" + strings.ReplaceAll(string(oidc.ErrSignature), " ", "_"), []string{"X-GovStack-Client", "neverland/GOV/health/registry"}, "401 token_signature"},
		"with a proxy's name alone": {"", []string{"X-GovStack-Client", "neverland/GOV/health/registry", "X-SSL-Client-S-DN", "CN=xroad"}, "401 token_missing"},
	} {
		w := ask{"GET", path, tc.token, "", tc.header}.of(withEvents().mediating(o))
		got := fmt.Sprint(w.Code)
		if w.Code != 200 {
			got += " " + string(problemIn(t, w).Code)
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestBlockedClientsAreKeptOutOfTheMediator(t *testing.T) {
	e := withEvents()
	e.blocked = []rooms.Blocked{{Client: "hosp-7"}}
	if w := asClient("POST", imRoom+"/pub/v1/newBirth", "hosp-7", birthEvent).of(e.mediating(mediator.Options{})); w.Code != 403 || problemIn(t, w).Code != "client_blocked" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMediatorRefusesBadInput(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	const types, pub, sub = imRoom + "/api/v1/eventType", imRoom + "/pub/v1/newBirth", imRoom + "/api/v1/subs/newBirth"
	for _, tc := range []struct{ token, method, path, body, want string }{
		{"boss", "POST", types, ` `, "400 invalid_json "},
		{"boss", "POST", types, `[]`, "400 invalid_request "},
		{"boss", "POST", types, `{"eventType":"x","eventType":"y"}`, "400 invalid_json "},
		{"boss", "POST", types, `{"eventType":"x"} {}`, "400 invalid_json "},
		{"boss", "POST", types, "{\"eventType\":\"\xff\"}", "400 invalid_json "},
		{"boss", "POST", types, deep, "400 invalid_json "},
		{"boss", "POST", types, `{"eventType":7,"schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"a.b","schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"a b","schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"_a","schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"Cap","schema":{}}`, "400 invalid_request /eventType"}, // alerts are of that type
		{"boss", "POST", types, `{"eventType":"` + strings.Repeat("a", 65) + `","schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"x\r\nY: z","schema":{}}`, "400 invalid_request /eventType"},
		{"boss", "POST", types, `{"eventType":"x"}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":null}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":"{"}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":"7"}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":{"type":"nothing"}}`, "400 invalid_request /schema/type"},
		{"boss", "POST", types, `{"eventType":"x","schema":{"$ref":"https://example.org/"}}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":{"$schema":"http://json-schema.org/draft-04/schema#"}}`, "400 invalid_request /schema/$schema"},
		{"boss", "POST", types, `{"eventType":"x","schema":{"description":"` + strings.Repeat("a", 33<<10) + `"}}`, "400 invalid_request /schema"},
		{"boss", "POST", types, `{"eventType":"NEWBIRTH","schema":{}}`, "409 event_type_exists "},
		{"boss", "GET", types + "/a%2Fb", "", "400 invalid_parameter "},
		{"boss", "DELETE", types + "/newbirth", "", "404 unknown_event_type "},
		{"hosp-8", "POST", imRoom + "/pub/v1/newbirth", `{"eventType":"newbirth","event":{}}`, "404 unknown_event_type "},
		{"hosp-8", "POST", imRoom + "/pub/v1/..%2Fx", birthEvent, "400 invalid_parameter "},
		{"hosp-8", "POST", pub, `{"eventType":"newDeath","event":{}}`, "400 invalid_request /eventType"},
		{"hosp-8", "POST", pub, `{"event":{}}`, "400 invalid_request /eventType"},
		{"hosp-8", "POST", pub, `{"eventType":"newBirth"}`, "400 invalid_request /event"},
		{"hosp-8", "POST", pub, `{"eventType":"newBirth","event":"x"}`, "400 invalid_request /event"},
		{"hosp-8", "POST", pub, `{"eventType":"newBirth","event":[]}`, "400 invalid_request /event"},
		{"hosp-8", "POST", pub, strings.Repeat(" ", 5<<20), "413 body_too_large "},
		{"hosp-7", "GET", pub + "/not-an-id", "", "404 unknown_message "},
		{"hosp-7", "GET", pub + "/" + eventUMID, "", "404 unknown_message "},
		{"hosp-7", "DELETE", pub + "/not-an-id", "", "404 unknown_message "},
		{"clinic-4", "DELETE", imRoom + "/pull/v1/newBirth/not-an-id", "", "404 unknown_message "},
		{"hosp-7", "GET", pub + "/ffffffff-ffff-ffff-ffff-ffffffffffff", "", "404 unknown_message "},
		{"hosp-7", "GET", pub + "/" + mediator.EventID(umid), "", "404 unknown_message "},
		{"hosp-7", "GET", imRoom + "/pub/v1/newbirth/" + mediator.EventID(eventUMID), "", "404 unknown_message "},
		{"hosp-8", "GET", pub + "/" + mediator.EventID(eventUMID), "", "404 unknown_message "},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","delivery":"SMS"}`, "400 invalid_request /delivery"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","delivery":""}`, "400 invalid_request /delivery"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":[]}`, "400 invalid_request /options"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"TTL":0}}`, "400 invalid_request /options/TTL"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"TTL":1.5}}`, "400 invalid_request /options/TTL"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"TTL":99999999999999999999}}`, "400 invalid_request /options/TTL"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"TTL":"60"}}`, "400 invalid_request /options/TTL"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"Ttl":5}}`, "400 invalid_request /options"},
		{"clinic-4", "PATCH", sub, `{"eventType":"newBirth","options":{"TTL":60,"retries":5}}`, "400 invalid_request /options"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"FIFO":1}}`, "400 invalid_request /options/FIFO"},
		{"clinic-4", "POST", sub, `{"eventType":"newBirth","options":{"FIFO":true}}`, "400 invalid_request /options/FIFO"},
		{"clinic-4", "POST", imRoom + "/api/v1/subs/newDeath", `{"eventType":"newDeath"}`, "400 invalid_request /eventType"},
		{"clinic-4", "GET", imRoom + "/api/v1/subs/newDeath", "", "404 unknown_subscription "},
		{"clinic-5", "POST", sub, `{"eventType":"newBirth"}`, "400 invalid_request /delivery"},
		{"clinic-4", "GET", "/r1/1nval1d/GOV/x/newborn/api/v1/subs", "", "400 invalid_parameter "},
		{"clinic-4", "GET", "/r1/neverland/GOV/_x/newborn/api/v1/subs", "", "400 invalid_parameter "},
		{"clinic-4", "GET", "/r1/neverland/GOV/x/nobody/api/v1/subs", "", "404 unknown_room "},
		{"clinic-4", "GET", "/r1/neverland/GOV/x/a.b/api/v1/subs", "", "404 unknown_room "},
		{"clinic-4", "PUT", sub, "{}", "405 method_not_allowed "},
		{"clinic-4", "HEAD", imRoom + "/pull/v1/newBirth", "", "405 "},
	} {
		e := withEvents()
		w := asClient(tc.method, tc.path, tc.token, tc.body).of(e.mediating(mediator.Options{}))
		got := fmt.Sprint(w.Code, " ")
		if tc.method != "HEAD" {
			p := problemIn(t, w)
			got += string(p.Code) + " "
			if len(p.Errors) > 0 {
				got += p.Errors[0].Pointer
			}
		}
		if got != tc.want {
			t.Errorf("%s %s %.100q: %s, want %s", tc.method, tc.path, tc.body, got, tc.want)
		}
		if e.count() > 0 || len(e.consumers) != 1 || len(e.hooks) != 1 || len(e.rooms["newborn"].EventTypes) != 1 {
			t.Errorf("%s %s: refused, and done all the same", tc.method, tc.path)
		}
	}
	for _, header := range [][]string{{"Content-Type", "text/plain"}, {"Content-Type", "application/json; charset=latin1"}, {"Content-Encoding", "gzip"}} {
		if w := asClient("POST", pub, "hosp-8", birthEvent, header...).of(withEvents().mediating(mediator.Options{})); w.Code != 415 {
			t.Errorf("%s: %d", header, w.Code)
		}
	}
	for _, key := range []string{"a\tb", strings.Repeat("k", 129)} {
		if w := asClient("POST", pub, "hosp-8", birthEvent, "Idempotency-Key", key).of(withEvents().mediating(mediator.Options{})); w.Code != 400 {
			t.Errorf("key %.20q: %d", key, w.Code)
		}
	}
}

// What is published is a message of crier's own: of the type in small letters, for applications, with the event as it came.
func TestEventsArePublishedAsMessages(t *testing.T) {
	e := withEvents()
	const body = `{"eventType":"newBirth","event":{ "gender" : "F","n":1e400,"s":"\u00e9" }}`
	o := mediator.Options{Clients: map[string]mediator.Client{"neverland/GOV/health/registry": {Client: "hosp-7"}}}
	w := ask{"POST", imRoom + "/pub/v1/newBirth", "hosp-7", body, []string{"X-GovStack-Client", "neverland/GOV/health/registry", "Idempotency-Key", "birth 42"}}.of(e.mediating(o))
	if w.Code != 201 || w.Body.String() != `{"id":"`+mediator.EventID(umid)+`"}` || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := e.published[0]
	const content = `{"eventType":"newBirth","publisherId":{"instanceId":"neverland","memberClass":"GOV","memberCode":"health","applicationCode":"registry"},"event":{ "gender" : "F","n":1e400,"s":"\u00e9" }}`
	if got.Client != "hosp-7" || got.Room != "newborn" || got.Type != "newbirth" || got.Lane != rooms.Normal || !got.Event || got.Direct || got.TransactionID != "birth 42" || string(got.Raw) != body || string(got.Content) != content || got.From.Organisation != "Ministry of Health" {
		t.Errorf("%+v", got)
	}
	for range 2 {
		asClient("POST", imRoom+"/pub/v1/newBirth", "hosp-8", birthEvent).of(e.mediating(mediator.Options{}))
	}
	if a, b := e.published[1].TransactionID, e.published[2].TransactionID; a == b || a == "" {
		t.Errorf("without a key each is new: %q, %q", a, b)
	}
}

// An event whose pushes have all ended says so, unless something was decided about it.
func TestStateOfAnEvent(t *testing.T) {
	for want, change := range map[string]func(*index.Summary){
		"running":  func(*index.Summary) {},
		"finished": func(m *index.Summary) { m.FinishedAt, m.Control.State = noon().Add(time.Minute), rooms.ControlRunning }, // resumed once
		"cancelled": func(m *index.Summary) {
			m.FinishedAt, m.Control.State = noon().Add(time.Minute), rooms.ControlCancelled
		},
	} {
		e := withEvents()
		m := e.messages[eventUMID]
		change(&m)
		e.messages[eventUMID] = m
		w := asClient("GET", imRoom+"/pub/v1/newBirth/"+mediator.EventID(eventUMID), "hosp-7", "").of(e.mediating(mediator.Options{}))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"status":{"state":"`+want+`"`) {
			t.Errorf("%s: %d %s", want, w.Code, w.Body)
		}
	}
}

// Nobody publishes or subscribes under the codes of a member that he was not registered for.
func TestNobodyWritesAnotherMembersCodes(t *testing.T) {
	o := mediator.Options{Clients: map[string]mediator.Client{"neverland/GOV/health/registry": {Client: "hosp-7"}}}
	for token, want := range map[string]string{
		"hosp-8": `{"applicationCode":"hosp-8"}`,
		"hosp-7": `{"instanceId":"neverland","memberClass":"GOV","memberCode":"health","applicationCode":"registry"}`,
	} {
		e := withEvents()
		header := []string{"X-GovStack-Client", "neverland/GOV/ministry-of-health/" + strings.ToUpper(token)}
		if w := (ask{"POST", imRoom + "/pub/v1/newBirth", token, birthEvent, header}).of(e.mediating(o)); w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if got := string(e.published[0].Content); !strings.Contains(got, `"publisherId":`+want) {
			t.Errorf("published: %s", got)
		}
	}
	header := []string{"X-GovStack-Client", "neverland/GOV/ministry-of-health/clinic-4"}
	w := ask{"POST", imRoom + "/api/v1/subs/newBirth", "clinic-4", pullBirth, header}.of(withEvents().mediating(o))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"subscriberId":{"applicationCode":"clinic-4"}`) {
		t.Errorf("subscribed: %d %s", w.Code, w.Body)
	}
}

// What a stranger is told leaves no entry in the audit log, and is the same the second time.
func TestStrangersAskForMetadata(t *testing.T) {
	e := withEvents()
	s := e.mediating(mediator.Options{OpenMetadata: true})
	texts := map[string]string{}
	for range 2 {
		for _, service := range []string{"newBirth", "pub", "api"} {
			w := ask{"GET", imRoom + "/getOpenAPI?serviceCode=" + service, "", "", nil}.of(s)
			if before, ok := texts[service]; w.Code != 200 || ok && before != w.Body.String() {
				t.Errorf("%s: %d %s", service, w.Code, w.Body)
			}
			texts[service] = w.Body.String()
		}
	}
	if strings.Contains(texts["pub"], "3.1.0") || !strings.Contains(texts["newBirth"], "3.1.0") || strings.Contains(texts["pub"], "newBirth of") {
		t.Error("what one service says stands in another's document")
	}
	if len(e.recorded)+len(e.noted) > 0 {
		t.Errorf("recorded: %+v %+v", e.recorded, e.noted)
	}
	if w := asClient("GET", imRoom+"/getOpenAPI?serviceCode=pub", "hosp-8", "").of(s); w.Code != 200 || len(e.noted) != 1 {
		t.Errorf("somebody who is known: %d, %d entries", w.Code, len(e.noted))
	}
}

// A change of the room by crier's own API leaves its event types alone.
func TestEventTypesOutliveAChangeOfTheRoom(t *testing.T) {
	e := withEvents()
	if w := (ask{"PUT", "/v1/rooms/newborn", "boss", `{"title":"x"}`, []string{"If-Match", `"7"`}}).of(newServer(e)); w.Code != 200 || len(e.rooms["newborn"].EventTypes) != 1 {
		t.Errorf("%d, %+v", w.Code, e.rooms["newborn"])
	}
}

func TestEveryMediatorCallIsRecorded(t *testing.T) {
	e := withEvents()
	s := e.mediating(mediator.Options{})
	asClient("POST", imRoom+"/pub/v1/newBirth", "hosp-7", `{"eventType":"newBirth","event":{"gender":"canary"}}`).of(s)
	asClient("GET", imRoom+"/pub/v1/newBirth/"+mediator.EventID(eventUMID), "hosp-8", "").of(s)
	asClient("POST", imRoom+"/api/v1/subs/newBirth", "clinic-4", pullBirth).of(s)
	e.mu.Lock()
	defer e.mu.Unlock()
	all := append(slices.Clone(e.noted), e.recorded...)
	if len(all) != 3 || len(e.recorded) != 1 || all[0].IDs["umid"] != umid || all[0].IDs["room"] != "newborn" || all[0].Code != 201 || all[1].Status != audit.Failed || all[1].IDs["umid"] != "" || all[2].IDs["consumer"] == "" {
		t.Errorf("%+v", all)
	}
	if text := fmt.Sprintf("%+v", all); strings.Contains(text, "canary") {
		t.Error(text)
	}
}

// The documents say what is served, and are good.
func TestMediatorDocument(t *testing.T) {
	s := newServer(newEngine())
	w := ask{"GET", "/govstack/mediator/openapi.yaml", "", "", nil}.of(s)
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Error(err)
	}
	var documented, served []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	for _, r := range s.mediatorRoutes() {
		if strings.HasPrefix(r.path, "/r1") {
			served = append(served, r.name())
		}
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented\n%s\nserved\n%s", strings.Join(documented, "\n"), strings.Join(served, "\n"))
	}
	page := ask{"GET", "/govstack/mediator/docs", "", "", nil}.of(s).Body.Bytes()
	for _, name := range served {
		if !bytes.Contains(page, []byte("<code>"+name+"</code>")) {
			t.Errorf("the page has no %s", name)
		}
	}
	for _, loading := range []string{"<script", "<link", "<img", "@import", "src="} {
		if bytes.Contains(page, []byte(loading)) {
			t.Errorf("the page has %s", loading)
		}
	}
}

// described reads the document that getOpenAPI answers with.
func described(t *testing.T, body []byte) *openapi3.T {
	t.Helper()
	var text string
	if err := json.Unmarshal(body, &text); err != nil {
		t.Fatalf("%.100s: %v", body, err)
	}
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Whoever has a token discovers services, and policies, by their codes.
func TestServicesAreDiscovered(t *testing.T) {
	e := withEvents()
	s := e.mediating(mediator.Options{Members: map[string][]string{"neverland/GOV/capital-city": {"newborn", "taxes"}, "elsewhere/GOV/other": nil}})
	for path, want := range map[string]string{
		"/listClients":                         "MEMBER elsewhere/GOV/other/, APPLICATION elsewhere/GOV/other/newborn, MEMBER neverland/GOV/capital-city/, APPLICATION neverland/GOV/capital-city/newborn",
		"/r1/listClients?instanceId=neverland": "MEMBER neverland/GOV/capital-city/, APPLICATION neverland/GOV/capital-city/newborn",
		"/listClients?instanceId=x":            "",
	} {
		var list struct {
			Member []struct {
				ID struct {
					ObjectType, GovStackInstance, MemberClass, MemberCode, ApplicationCode string
				}
			}
		}
		w := ask{"GET", path, "other", "", nil}.of(s)
		if err := json.Unmarshal(w.Body.Bytes(), &list, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list.Member {
			got = append(got, fmt.Sprintf("%s %s/%s/%s/%s", m.ID.ObjectType, m.ID.GovStackInstance, m.ID.MemberClass, m.ID.MemberCode, m.ID.ApplicationCode))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	for who, want := range map[string]string{"other": "", "hosp-8": "api pub newBirth", "clinic-4": "api pull newBirth", "boss": "api pub pull newBirth"} {
		var got []string
		for _, service := range servicesOf(t, asClient("GET", imRoom+"/allowedMethods", who, "").of(s).Body.Bytes()) {
			got = append(got, service.ServiceCode)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s may call %s, want %s", who, got, want)
		}
	}
	if got := servicesOf(t, ask{"GET", "/r1/neverland/GOV/other/newborn/listMethods", "other", "", nil}.of(s).Body.Bytes()); len(got) > 0 {
		t.Errorf("under the code of another member: %+v", got)
	}
	if got := servicesOf(t, ask{"GET", imRoom[:strings.LastIndexByte(imRoom, '/')] + "/taxes/listMethods", "other", "", nil}.of(s).Body.Bytes()); len(got) > 0 {
		t.Errorf("of a room without event types: %+v", got)
	}
	doc := described(t, ask{"GET", imRoom + "/getOpenAPI?serviceCode=newBirth", "other", "", nil}.of(s).Body.Bytes())
	if doc.Paths.Len() != 4 || doc.Paths.Value(imRoom+"/pub/v1/newBirth").Post == nil || len(doc.Components.Schemas["Event"].Value.Required) != 1 || doc.Info.Extensions["x-crier-policy"] == nil {
		t.Errorf("%+v", doc)
	}
	for service, paths := range map[string]int{"api": 4, "pub": 2, "pull": 2} {
		doc := described(t, ask{"GET", imRoom + "/getOpenAPI?serviceCode=" + service, "other", "", nil}.of(s).Body.Bytes())
		if err := doc.Validate(context.Background()); err != nil || doc.Paths.Len() != paths {
			t.Errorf("%s: %d paths, %v", service, doc.Paths.Len(), err)
		}
	}
	if w := (ask{"GET", imRoom + "/getOpenAPI?serviceCode=pub", "other", "", []string{"Accept", "text/yaml"}}).of(s); !strings.HasPrefix(w.Body.String(), "openapi: 3") {
		t.Errorf("%.80s", w.Body)
	}
	if w := (ask{"GET", imRoom + "/listMethods", "", "", nil}).of(s); w.Code != 401 {
		t.Errorf("without a token: %d", w.Code)
	}
}

type serviceSeen struct {
	ServiceType, GovStackInstance, MemberClass, MemberCode, ApplicationCode, ServiceCode, ServiceVersion string
	EndpointList                                                                                         struct {
		Member []struct{ Method, Path string }
	}
}

// servicesOf refuses members that the published tests of the interface do not know.
func servicesOf(t *testing.T, body []byte) []serviceSeen {
	t.Helper()
	var list struct{ Member []serviceSeen }
	if err := json.Unmarshal(body, &list, json.MatchCaseInsensitiveNames(true), json.RejectUnknownMembers(true)); err != nil || list.Member == nil {
		t.Fatalf("%s: %v", body, err)
	}
	return list.Member
}

// What a client pulls is passed over if it is too old for it, was withdrawn, or is no event; what it did not get comes again.
func TestEventsThatAreOfNoUseArePassedOver(t *testing.T) {
	e := withEvents()
	s := e.mediating(mediator.Options{})
	const minute = `{"eventType":"newBirth","delivery":"PULL","options":{"TTL":60}}`
	if w := asClient("POST", imRoom+"/api/v1/subs/newBirth", "clinic-4", minute).of(s); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	id := clinicConsumer("im-newbirth")
	e.handOut(id, 50, `{"event":{"n":1}}`, `{"event":{"n":2}}`, `{"text":"a message of the type"}`, `{"eventType":"newBirth","publisherId":{"applicationCode":"a"},"event":{ "n" : 3 }}`)
	for i := range e.waiting[id] {
		h := &e.waiting[id][i].Header
		h.UMID = rooms.UMID(fmt.Sprintf("01KAMVJVG0ZJ2C5YD3GZ7A8Q0%d", i))
		h.Event = i != 2
		h.ReceivedAt = noon().Add(-time.Duration(1-min(i, 1)) * 61 * time.Second)
	}
	e.decided["01KAMVJVG0ZJ2C5YD3GZ7A8Q01"] = rooms.Control{State: rooms.ControlCancelled, Entry: 1}
	w := asClient("GET", imRoom+"/pull/v1/newBirth", "clinic-4", "").of(s)
	if w.Code != 200 || !strings.HasSuffix(w.Body.String(), `"sequence":53,"publisherId":{"applicationCode":"a"},"eventType":"newBirth","event":{ "n" : 3 }}`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := e.verdicts(); len(got) != 3 || got[0].Sequence != 50 || got[1].Sequence != 51 || got[2].Sequence != 52 || got[0].Verdict != stream.Acked {
		t.Errorf("%+v", got)
	}
	there := e.consumers[id]
	if there.Keep != time.Minute || there.InOrder || !there.Start.New || there.Type != "newbirth" || there.Client != "clinic-4" {
		t.Errorf("%+v", there)
	}
}
