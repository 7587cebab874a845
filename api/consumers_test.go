package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	atConsumers = "/v1/rooms/newborn/consumers"
	atLedger    = atConsumers + "/ledger"
)

func TestConsumerLife(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	const wanted = `{"name":"audit","lane":"bulk","type":"reminder","start":{"time":"2026-11-22T13:00:00+01:00"},"ackWait":60,"maxDeliver":5}`
	w := ask{"POST", atConsumers, "clinic-4", wanted, nil}.of(s)
	id := clinicConsumer("audit").String()
	want := `{"name":"audit","room":"newborn","client":"clinic-4","lane":"bulk","type":"reminder","start":{"time":"2026-11-22T12:00:00Z"},` +
		`"ackWait":60,"maxDeliver":5,"stream":"ROOMS","consumer":"` + id + `","apiPrefix":"JS.crier.API",` +
		`"delivered":0,"acked":0,"pending":0,"ackPending":0,"redelivered":0,"createdAt":"2026-11-22T12:00:00Z"}`
	if w.Code != 201 || w.Header().Get("Location") != atConsumers+"/audit" || !sameJSON(t, w.Body.Bytes(), want) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w = (ask{"POST", atConsumers, "clinic-4", wanted, nil}).of(s); w.Code != 200 || !sameJSON(t, w.Body.Bytes(), want) {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	other := strings.Replace(wanted, "60", "61", 1)
	if p := problemIn(t, ask{"POST", atConsumers, "clinic-4", other, nil}.of(s)); p.Code != "consumer_exists" || p.Status != 409 {
		t.Errorf("with other settings: %+v", p)
	}
	for _, path := range []string{"/audit", "/" + id} {
		if w = (ask{"GET", atConsumers + path, "clinic-4", "", nil}).of(s); w.Code != 200 || !sameJSON(t, w.Body.Bytes(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w = (ask{"DELETE", atConsumers + "/audit", "clinic-4", "", nil}).of(s); w.Code != 204 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if p := problemIn(t, ask{"GET", atConsumers + "/audit", "clinic-4", "", nil}.of(s)); p.Code != "unknown_consumer" || p.Status != 404 {
		t.Errorf("%+v", p)
	}
	if w = (ask{"DELETE", "/v1/rooms/newborn", "root+admin", "", nil}).of(s); w.Code != 204 || len(e.consumers) > 0 {
		t.Errorf("%d, and %d consumers of a room that is gone", w.Code, len(e.consumers))
	}
}

func TestConsumerQuotas(t *testing.T) {
	e := newEngine()
	s := newServer(e) // 2 for each client, 4 for the room; clinic-4 has one
	create := func(token string, n int, want int) {
		t.Helper()
		w := ask{"POST", atConsumers, token, fmt.Sprintf(`{"name":"c-%d"}`, n), nil}.of(s)
		if w.Code != want || want == 409 && problemIn(t, w).Code != "quota_exceeded" {
			t.Errorf("%s, number %d: %d %s", token, n, w.Code, w.Body)
		}
	}
	create("clinic-4", 1, 201)
	create("clinic-4", 2, 409)
	create("clinic-4", 1, 200) // is there
	create("clinic-5", 1, 201)
	create("boss", 1, 201)
	create("boss", 2, 409) // of the room
	if len(e.consumers) != 4 {
		t.Errorf("%d are there", len(e.consumers))
	}
}

// Nobody reaches what belongs to another client or another room, whatever he calls it.
func TestConsumersOfOthers(t *testing.T) {
	e := newEngine()
	taxes := e.rooms["taxes"]
	taxes.Readers = []rooms.Client{"clinic-5"}
	e.rooms["taxes"] = taxes
	s := newServer(e)
	theirs := clinicConsumer("ledger").String()
	for _, path := range []string{atLedger, atConsumers + "/" + theirs, "/v1/rooms/taxes/consumers/" + theirs} {
		for method, calls := range map[string][]string{"GET": {""}, "DELETE": {""}, "POST": {"/reset", "/pull", "/ack"}} {
			for _, call := range calls {
				body := map[string]string{"/reset": `{"from":"all"}`, "/pull": `{}`, "/ack": `{}`}[call]
				if p := problemIn(t, ask{method, path + call, "clinic-5", body, nil}.of(s)); p.Code != "unknown_consumer" {
					t.Errorf("%s %s: %+v", method, path+call, p)
				}
			}
		}
	}
	for _, name := range []string{"plan-normal", "app_x", "a.b", "*", "a%2Fb", "%3E", "Ledger", strings.Repeat("x", 33), strings.Replace(theirs, "app", "APP", 1)} {
		if w := (ask{"GET", atConsumers + "/" + name, "clinic-5", "", nil}).of(s); w.Code != 404 && w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if e.consumers[clinicConsumer("ledger")].Created != noon() {
		t.Error("reset all the same")
	}
}

func TestConsumersInPages(t *testing.T) {
	e := newEngine()
	for n := range 5 {
		c := rooms.Consumer{}
		c.ID, c.Client = clinicConsumer(rooms.ConsumerName(fmt.Sprintf("c-%d", n))), "clinic-4"
		if n%2 == 0 {
			c.Client = "clinic-5"
			c.ID.Owner = rooms.OwnerOf("clinic-5")
		}
		e.consumers[c.ID] = c
	}
	s := newServer(e)
	for token, want := range map[string]int{"clinic-4": 3, "clinic-5": 3, "boss": 6, "root+admin": 6} {
		seen := map[string]bool{}
		path := atConsumers + "?limit=2"
		for {
			var list v1.ConsumerList
			w := ask{"GET", path, token, "", nil}.of(s)
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for _, c := range list.Consumers {
				if seen[c.Consumer] || want < 6 && c.Client != token {
					t.Errorf("%s sees %s of %s", token, c.Consumer, c.Client)
				}
				seen[c.Consumer] = true
			}
			if list.Next == nil {
				break
			}
			if path = atConsumers + "?limit=2&cursor=" + *list.Next; len(*list.Next) > 64 {
				t.Errorf("a cursor that is longer than documented: %s", *list.Next)
			}
		}
		if len(seen) != want {
			t.Errorf("%s sees %d, want %d", token, len(seen), want)
		}
	}
}

func TestBadConsumerRequests(t *testing.T) {
	j, s := newJudge(t), newServer(newEngine())
	for _, tc := range []struct{ path, body, fault string }{
		{"", `{}`, "missing /name"},
		{"", `{"name":"A"}`, "invalid_name /name"},
		{"", `{"name":"` + strings.Repeat("x", 33) + `"}`, "invalid_name /name"},
		{"", `{"name":1}`, "wrong_type /name"},
		{"", `{"name":"a","x":1}`, "unknown_member /x"},
		{"", `{"name":"a","lane":""}`, "invalid_name /lane"},
		{"", `{"name":"a","lane":"fast"}`, "invalid_name /lane"},
		{"", `{"name":"a","type":"A.B"}`, "invalid_name /type"},
		{"", `{"name":"a","type":">"}`, "invalid_name /type"},
		{"", `{"name":"a","ackWait":0}`, "invalid_value /ackWait"},
		{"", `{"name":"a","ackWait":601}`, "invalid_value /ackWait"},
		{"", `{"name":"a","ackWait":1.5}`, "invalid_value /ackWait"},
		{"", `{"name":"a","ackWait":"30s"}`, "wrong_type /ackWait"},
		{"", `{"name":"a","maxDeliver":0}`, "invalid_value /maxDeliver"},
		{"", `{"name":"a","maxDeliver":-1}`, "invalid_value /maxDeliver"},
		{"", `{"name":"a","start":"all"}`, "wrong_type /start"},
		{"", `{"name":"a","start":{}}`, "missing /start"},
		{"", `{"name":"a","start":{"from":"all","sequence":1}}`, "missing /start"},
		{"", `{"name":"a","start":{"from":"first"}}`, "invalid_value /start/from"},
		{"", `{"name":"a","start":{"sequence":0}}`, "invalid_value /start/sequence"},
		{"", `{"name":"a","start":{"time":"yesterday"}}`, "invalid_time /start/time"},
		{"/ledger/reset", `{}`, "missing "},
		{"/ledger/reset", `{"from":"new","time":"2026-11-22T00:00:00Z"}`, "missing "},
		{"/ledger/pull", `{"max":101}`, "invalid_value /max"},
		{"/ledger/pull", `{"max":0}`, "invalid_value /max"},
		{"/ledger/pull", `{"wait":31}`, "invalid_value /wait"},
		{"/ledger/ack", `{"acks":"x"}`, "wrong_type /acks"},
		{"/ledger/ack", `{"acks":[1]}`, "wrong_type /acks/0"},
		{"/ledger/ack", `{"acks":[""]}`, "invalid_value /acks/0"},
		{"/ledger/ack", `{"naks":["x"]}`, "wrong_type /naks/0"},
		{"/ledger/ack", `{"naks":[{}]}`, "missing /naks/0"},
		{"/ledger/ack", `{"naks":[{"ack":"x","delay":3601}]}`, "invalid_value /naks/0/delay"},
		{"/ledger/ack", `{"acks":[` + strings.Repeat(`"x",`, 1000) + `"x"]}`, "too_many /acks"},
	} {
		a := ask{"POST", atConsumers + tc.path, "clinic-4", tc.body, nil}
		p := problemIn(t, a.of(s))
		if p.Status != 400 || len(p.Errors) == 0 || string(p.Errors[0].Code)+" "+p.Errors[0].Pointer != tc.fault {
			t.Errorf("%s %s: %+v", tc.path, tc.body, p)
		}
		if err := j.request(a.request()); err == nil {
			t.Errorf("%s %s: refused here, and valid by openapi.yaml", tc.path, tc.body)
		}
	}
}

func TestAcksAreSettled(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	e.handOut(clinicConsumer("ledger"), 3, `1`, `2`, `3`, `4`)
	tokens := pulledTokens(t, ask{"POST", atLedger + "/pull", "clinic-4", `{}`, nil}.of(s).Body.Bytes())
	body := fmt.Sprintf(`{"acks":[%q],"naks":[{"ack":%q,"delay":7},{"ack":%q}],"working":[%q]}`, tokens[0], tokens[1], tokens[2], tokens[3])
	w := ask{"POST", atLedger + "/ack", "clinic-4", body, nil}.of(s)
	want := []stream.Settlement{
		{Handle: stream.Handle{Deliveries: 1, Sequence: 3, Number: 1}},
		{Handle: stream.Handle{Deliveries: 1, Sequence: 4, Number: 2}, Verdict: stream.Refused, Delay: 7 * time.Second},
		{Handle: stream.Handle{Deliveries: 1, Sequence: 5, Number: 3}, Verdict: stream.Refused},
		{Handle: stream.Handle{Deliveries: 1, Sequence: 6, Number: 4}, Verdict: stream.InProgress},
	}
	if got := e.verdicts(); w.Code != 204 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d %s %+v", w.Code, w.Body, got)
	}
}

// A token that is not of the consumer, or not any more, is named, and then nothing is done.
func TestForgedTokens(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	id := clinicConsumer("ledger")
	second := e.consumers[id]
	second.ID, second.Client = rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-5"), Name: "ledger"}, "clinic-5"
	e.consumers[second.ID] = second
	e.handOut(id, 3, `1`, `2`)
	e.handOut(id, 10, `3`) // beyond what the engine knows that it has handed out: it died in between
	e.handOut(second.ID, 3, `1`)
	pull := func(token string) []string {
		return pulledTokens(t, ask{"POST", atLedger + "/pull", token, `{}`, nil}.of(s).Body.Bytes())
	}
	own, theirs := pull("clinic-4"), pull("clinic-5")
	good, mac := own[0], own[0][strings.LastIndexByte(own[0], '.'):]
	for name, bad := range map[string]string{
		"of another": theirs[0], "of another sequence": "1.4.1" + mac, "zero": "1.0.1" + mac, "leading zero": "01.3.1" + mac, "without MAC": "1.3.1",
		"another MAC": good[:len(good)-1] + "~", "cut": good[:len(good)-1], "longer": good + "0", "a subject": "$JS.ACK.ROOMS." + id.String() + ".1.3.1.0.0",
		"spaces": " " + good, "forgotten": own[2],
	} {
		for place, body := range map[string]string{
			"/acks/1": fmt.Sprintf(`{"acks":[%q,%q]}`, good, bad), "/naks/0/ack": fmt.Sprintf(`{"acks":[%q],"naks":[{"ack":%q}]}`, good, bad),
			"/working/0": fmt.Sprintf(`{"acks":[%q],"working":[%q]}`, good, bad),
		} {
			p := problemIn(t, ask{"POST", atLedger + "/ack", "clinic-4", body, nil}.of(s))
			if p.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Pointer != place {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
	if w := (ask{"POST", atLedger + "/reset", "clinic-4", `{"sequence":9}`, nil}).of(s); w.Code != 200 ||
		!strings.Contains(w.Body.String(), `"reset":{"sequence":9}`) || !strings.Contains(w.Body.String(), `"start":{"from":"all"}`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := (ask{"POST", atLedger + "/ack", "clinic-4", fmt.Sprintf(`{"acks":[%q]}`, good), nil}).of(s); w.Code != 400 {
		t.Errorf("a token of before the reset: %d", w.Code)
	}
	if got := e.verdicts(); len(got) > 0 {
		t.Errorf("settled all the same: %+v", got)
	}
	if w := (ask{"POST", atLedger + "/ack", "clinic-5", fmt.Sprintf(`{"acks":[%q]}`, theirs[0]), nil}).of(s); w.Code != http.StatusNoContent {
		t.Errorf("a good token: %d %s", w.Code, w.Body)
	}
}

// pulledTokens are those of an answer to pull.
func pulledTokens(t *testing.T, body []byte) (tokens []string) {
	t.Helper()
	var p v1.Pulled
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, m := range p.Messages {
		tokens = append(tokens, m.Ack)
	}
	return tokens
}
