package matrix_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/rooms"
)

const aida = "@aida"

// The answers of a homeserver to the message itself, and to what comes before.
func TestOutcomes(t *testing.T) {
	unreachable := func(code string) channels.Outcome {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: code}
	}
	limited := `{"errcode":"M_LIMIT_EXCEEDED","error":"of somebody","retry_after_ms":1500}`
	for name, tc := range map[string]struct {
		method, path string
		fault        matrixtest.Fault
		want         channels.Outcome
	}{
		"limited":            {"PUT", "/send/", matrixtest.Fault{Status: 429, Body: limited}, channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, Code: "M_LIMIT_EXCEEDED", After: 1500 * time.Millisecond}},
		"limited by header":  {"POST", "/createRoom", matrixtest.Fault{Status: 429, Body: limited, Header: http.Header{"Retry-After": {"7"}}}, channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, Code: "M_LIMIT_EXCEEDED", After: 7 * time.Second}},
		"limited by proxy":   {"PUT", "/send/", matrixtest.Fault{Status: 429}, channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, Code: "HTTP 429", After: time.Second}},
		"too large":          {"PUT", "/send/", matrixtest.Fault{Status: 413, Body: `{"errcode":"M_TOO_LARGE"}`}, channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "M_TOO_LARGE"}},
		"broken":             {"PUT", "/send/", matrixtest.Fault{Status: 500, Body: `{"errcode":"M_UNKNOWN"}`}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: "M_UNKNOWN"}},
		"overloaded":         {"PUT", "/send/", matrixtest.Fault{Status: 503, Header: http.Header{"Retry-After": {"9"}}}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: "HTTP 503", After: 9 * time.Second}},
		"broken before":      {"POST", "/createRoom", matrixtest.Fault{Status: 500}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: "HTTP 500"}},
		"lost":               {"PUT", "/send/", matrixtest.Fault{Lose: true}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: "connection"}},
		"lost before":        {"POST", "/createRoom", matrixtest.Fault{Lose: true}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: "connection"}},
		"nonsense":           {"PUT", "/send/", matrixtest.Fault{Status: 200, Body: `<html>`}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: "answer"}},
		"no event":           {"PUT", "/send/", matrixtest.Fault{Status: 200, Body: `{}`}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: "answer"}},
		"suspended":          {"PUT", "/send/", matrixtest.Fault{Status: 403, Body: `{"errcode":"M_USER_SUSPENDED"}`}, unreachable("M_USER_SUSPENDED")},
		"moved":              {"PUT", "/send/", matrixtest.Fault{Status: 302, Header: http.Header{"Location": {"/elsewhere"}}}, unreachable("HTTP 302")},
		"no Matrix":          {"GET", "/directory/", matrixtest.Fault{Status: 404, Body: `{"errcode":"M_UNRECOGNIZED"}`}, unreachable("M_UNRECOGNIZED")},
		"no such user":       {"GET", "/profile/", matrixtest.Fault{Status: 404, Body: `{"errcode":"M_NOT_FOUND"}`}, channels.Outcome{Result: channels.Rejected, Reason: rooms.NoMailbox, Code: "M_NOT_FOUND"}},
		"invitation barred":  {"POST", "/createRoom", matrixtest.Fault{Status: 403, Body: `{"errcode":"M_INVITE_BLOCKED"}`}, channels.Outcome{Result: channels.Suppressed, Reason: rooms.Suppressed, Code: "M_INVITE_BLOCKED"}},
		"put out":            {"PUT", "/send/", matrixtest.Fault{Status: 403, Body: `{"errcode":"M_FORBIDDEN"}`}, channels.Outcome{Result: channels.Suppressed, Reason: rooms.Suppressed, Code: "M_FORBIDDEN"}},
		"room gone":          {"PUT", "/send/", matrixtest.Fault{Status: 404, Body: `{"errcode":"M_NOT_FOUND"}`}, channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: "M_NOT_FOUND"}},
		"a code with a name": {"PUT", "/send/", matrixtest.Fault{Status: 400, Body: `{"errcode":"@aida:example.test"}`}, unreachable("HTTP 400")},
		"a proxy's 403":      {"PUT", "/send/", matrixtest.Fault{Status: 403, Body: `<html>`}, unreachable("HTTP 403")},
		"a proxy's 404":      {"PUT", "/send/", matrixtest.Fault{Status: 404, Body: `<html>`}, unreachable("HTTP 404")},
		"a proxy's 413":      {"PUT", "/send/", matrixtest.Fault{Status: 413}, unreachable("HTTP 413")},
		"a proxy's 421":      {"PUT", "/send/", matrixtest.Fault{Status: 421, Body: `{}`}, unreachable("HTTP 421")},
		"a proxy's before":   {"GET", "/directory/", matrixtest.Fault{Status: 404, Body: `<html>`}, unreachable("HTTP 404")},
		"nobody's profile":   {"GET", "/profile/", matrixtest.Fault{Status: 403, Body: `<html>`}, unreachable("HTTP 403")},
		"no room made":       {"POST", "/createRoom", matrixtest.Fault{Status: 403, Body: `<html>`}, unreachable("HTTP 403")},
	} {
		t.Run(name, func(t *testing.T) {
			server := matrixtest.New(t, clinic, aida)
			p := provider(t, options(t, server))
			server.Fail(1, tc.method, tc.path, tc.fault)
			if got := p.Send(t.Context(), delivery(t, 1, matrixtest.ID(aida))); got != tc.want {
				t.Errorf("outcome %+v, want %+v", got, tc.want)
			}
			server.Heal()
			p.sends(t, delivery(t, 1, matrixtest.ID(aida)))
			person := server.Person(aida)
			if all := person.Rooms(); len(all) != 1 || len(person.Messages(all[0])) != 1 {
				t.Errorf("%d rooms, and not one message", len(all))
			}
		})
	}
}

// A homeserver that is not there, and one that is silent before it has the message.
func TestNobodyThere(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	p := provider(t, options(t, server))
	server.Fail(1, "GET", "/directory/", matrixtest.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := p.Send(ctx, delivery(t, 1, matrixtest.ID(aida))); o.Reason != rooms.TimedOut {
		t.Errorf("outcome %+v", o)
	}
	o := options(t, server)
	o.Homeserver = "http://127.0.0.1:1"
	if o := provider(t, o).Send(t.Context(), delivery(t, 1, matrixtest.ID(aida))); o.Reason != rooms.Unreachable {
		t.Errorf("outcome %+v", o)
	}
}

// The same delivery is one event, whichever node sends it again; a delivery that is tried anew is another.
func TestADeliveryIsSentOnce(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	d := delivery(t, 1, matrixtest.ID(aida))
	p := provider(t, o)
	first := p.sends(t, d)
	d.Attempt = 2
	for _, node := range []signed{p, provider(t, o)} {
		if again := node.sends(t, d); again.ProviderID != first.ProviderID {
			t.Errorf("%q, then %q", first.ProviderID, again.ProviderID)
		}
	}
	d.Round, d.Attempt = 1, 1
	if anew := provider(t, o).sends(t, d); anew.ProviderID == first.ProviderID {
		t.Error("tried anew it is the same event")
	}
}

// What an event says.
func TestWhatIsSent(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	long := strings.Repeat("ф", 20_000)
	for n, tc := range map[int]struct {
		lane       rooms.Lane
		text, html string
		sms        string
		want       map[string]any
	}{
		1: {rooms.Normal, "Come.", "<p>Come.</p>", "", map[string]any{"msgtype": "m.text", "body": "Come.", "format": "org.matrix.custom.html", "formatted_body": "<p>Come.</p>"}},
		2: {rooms.Bulk, "Come.", "", "", map[string]any{"msgtype": "m.notice", "body": "Come."}},
		3: {rooms.Emergency, "Come.", "<!DOCTYPE html><html><style>p{}</style><p>Come.</p></html>", "", map[string]any{"msgtype": "m.text", "body": "Come."}},
		4: {rooms.Normal, "Come.", "<p>" + long + long + "</p>", "", map[string]any{"msgtype": "m.text", "body": "Come."}},
		5: {rooms.Normal, "", "", "Come.\nSoon.", map[string]any{"msgtype": "m.text", "body": "Come.\nSoon."}},
		6: {rooms.Normal, long, "", "", map[string]any{"msgtype": "m.text", "body": long}},
	} {
		d := delivery(t, n, matrixtest.ID(aida))
		d.Lane, d.Content = tc.lane, rooms.Content{Text: rooms.NewBody(tc.text), HTML: rooms.NewBody(tc.html), SMS: rooms.NewBody(tc.sms)}
		id := p.sends(t, d).ProviderID
		person := server.Person(aida)
		for _, e := range person.Messages(person.Rooms()[0]) {
			if e.ID != id {
				continue
			}
			if e.Content["org.crier.attempt"] == "" {
				t.Errorf("%d: without a token", n)
			}
			delete(e.Content, "org.crier.attempt")
			if len(e.Content) != len(tc.want) {
				t.Errorf("%d: %d members, want %d", n, len(e.Content), len(tc.want))
			}
			for k, v := range tc.want {
				if e.Content[k] != v {
					t.Errorf("%d: %s is %.40q, want %.40q", n, k, e.Content[k], v)
				}
			}
		}
	}
	d := delivery(t, 7, matrixtest.ID(aida))
	d.Content.Text = rooms.NewBody(long + long)
	if o := p.Send(t.Context(), d); o.Result != channels.Rejected || o.Code != "too-long" {
		t.Errorf("outcome %+v", o)
	}
}

// To a room: as it is, or joined where we are invited; else never.
func TestToARoom(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	p := provider(t, options(t, server))
	person := server.Person(aida)
	room := person.Begin(clinic, false)
	p.sends(t, delivery(t, 1, room))
	p.sends(t, delivery(t, 2, room))
	if n := len(person.Messages(room)); n != 2 || person.Membership(room, clinic) != "join" {
		t.Errorf("%d messages", n)
	}
	person.PutOut(room, clinic)
	if o := p.Send(t.Context(), delivery(t, 3, room)); o.Result != channels.Rejected || o.Code != "M_FORBIDDEN" {
		t.Errorf("outcome %+v", o)
	}
	if o := p.Send(t.Context(), delivery(t, 4, "!nowhere:example.test")); o.Result != channels.Rejected || o.Reason != rooms.NoMailbox {
		t.Errorf("outcome %+v", o)
	}
}
