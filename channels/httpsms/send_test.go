package httpsms_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/channels/httpsms/httpsmstest"
	"github.com/govcrier/crier/rooms"
)

// sly is what somebody writes who wants to say more than a text.
const sly = "a&to=+999\"}],\"to\":\"+999\",\r\nX-Evil: 1\r\n\r\n<to>+999</to>{{.secret}}%00\x00\\ 🚀"

func TestOutcomes(t *testing.T) {
	server := httpsmstest.New(t)
	o := acmeOptions(t, server)
	o.Timeout = 500 * time.Millisecond
	o.Request.IDHeader = "" // with an idempotency key a connection that breaks may be tried again
	p, _ := provider(t, o, deps(newTokens()))
	for to, want := range map[string]channels.Outcome{
		"+996555000101": {Result: channels.Deferred, Reason: rooms.Deferred, Code: "internal"},
		"+996555000102": {Result: channels.Throttled, Reason: rooms.Throttled, Code: "slow-down", After: 7 * time.Second},
		"+996555000103": {Result: channels.Rejected, Reason: rooms.NoMailbox, Code: "bad-number"},
		"+996555000104": {Result: channels.Suppressed, Reason: rooms.Suppressed, Code: "stopped"},
		"+996555000106": {Result: channels.Deferred, Reason: rooms.Unknown, Code: "connection"},
		"+996555000107": {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
		"+996555000108": {Result: channels.Deferred, Reason: rooms.Unknown, Code: "connection"},
		"+996555000110": {Result: channels.Deferred, Reason: rooms.Deferred, Code: "HTTP 302"},
		"+996555000112": {Result: channels.Deferred, Reason: rooms.Unknown, Code: "connection"},
		"+996555000113": {Result: channels.Deferred, Reason: rooms.Unknown, Code: "connection"},
		"+996555000111": {Result: channels.Sent, ProviderID: "acme-1", Receipt: true, Code: "HTTP 201"},
	} {
		if got := p.Send(t.Context(), delivery(t, to)); got != want {
			t.Errorf("%s: %+v, want %+v", to, got, want)
		}
	}
	if n := server.Count(); n != 11 {
		t.Errorf("%d requests of 11 deliveries: none may be made twice", n)
	}
}

// Whether the provider may have the message depends on whether it was asked.
func TestWhoHasIt(t *testing.T) {
	server := httpsmstest.New(t)
	gone := acmeOptions(t, server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Request.URL = "http://" + l.Addr().String()
	_ = l.Close()
	p, _ := provider(t, gone, deps(newTokens()))
	if o := p.Send(t.Context(), delivery(t, "+996555000111")); o.Reason != rooms.Unreachable || o.Code != "connection" {
		t.Errorf("nobody was there: %+v", o)
	}
	p, _ = provider(t, acmeOptions(t, server), deps(newTokens()))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := p.Send(ctx, delivery(t, "+996555000105")); o.Reason != rooms.Unknown {
		t.Errorf("it was asked and says nothing: %+v", o)
	}
	closing := httptest.NewUnstartedServer(http.NotFoundHandler())
	closing.Config.ConnState = func(c net.Conn, _ http.ConnState) { _ = c.Close() }
	closing.Start()
	t.Cleanup(closing.Close)
	gone.Request.URL = closing.URL
	p, _ = provider(t, gone, deps(newTokens()))
	if o := p.Send(t.Context(), delivery(t, "+996555000111")); o.Reason != rooms.Unreachable && o.Reason != rooms.Unknown {
		t.Errorf("it closes at once: %+v", o)
	}
	private := acmeOptions(t, server)
	private.Allow = []string{"192.0.2.0/24"}
	p, _ = provider(t, private, deps(newTokens()))
	if o := p.Send(t.Context(), delivery(t, "+996555000111")); o.Reason != rooms.Unreachable || o.Code != "address-not-allowed" {
		t.Errorf("a network that is not allowed: %+v", o)
	}
}

func TestWhatIsAsked(t *testing.T) {
	server := httpsmstest.New(t)
	p, _ := provider(t, acmeOptions(t, server), deps(newTokens()))
	d := delivery(t, "+996555000111")
	d.Content.SMS = rooms.NewBody("Придите во вторник. " + sly)
	d.Token, d.Attempt = "tabc", 2
	if o := p.Send(t.Context(), d); o.Result != channels.Sent {
		t.Fatalf("%+v", o)
	}
	r, body := server.Last()
	var m httpsmstest.Message
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	if m.To != "+996555000111" || m.From != "CLINIC" || m.Text != d.Content.SMS.Reveal() || m.Ref != string(testUMID)+"-3" || m.Encoding != "ucs2" || m.Minutes < 59 || m.Minutes > 60 {
		t.Errorf("%+v", m)
	}
	if !strings.HasSuffix(m.Callback, "/v1/inlets/acme/receipt?token=tabc") || r.Header.Get("Idempotency-Key") != m.Ref || r.Header.Get("X-Evil") != "" {
		t.Errorf("%s %v", m.Callback, r.Header)
	}
	d.Round, d.Sender.SMS = 1, "TAXES"
	p.Send(t.Context(), d)
	_, body = server.Last()
	if !strings.Contains(string(body), `"ref":"`+string(testUMID)+`-3-r1"`) || !strings.Contains(string(body), `"from":"TAXES"`) {
		t.Errorf("tried anew: %s", body)
	}
}

// kept is a server that keeps the latest request.
type kept struct {
	*httptest.Server
	r    *http.Request
	body string
}

func newKept(t *testing.T) *kept {
	k := &kept{}
	k.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		k.r, k.body = r, string(b)
	}))
	t.Cleanup(k.Close)
	return k
}

// However a provider wants it, a text stays a text.
func TestNothingIsInjected(t *testing.T) {
	s := newKept(t)
	for name, tc := range map[string]struct {
		request string
		text    func() string // as the provider reads it
	}{
		"form": {"form: {to: '{{.to}}', text: '{{.text}}'}", func() string {
			f, err := url.ParseQuery(s.body)
			if err != nil || len(f) != 2 || f.Get("to") != "+996555000111" || s.r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
				t.Errorf("form: %v %q", err, s.body)
			}
			return f.Get("text")
		}},
		"query": {"method: GET\n  query: {to: '{{.toDigits}}', text: '{{.text}}'}", func() string {
			if s.r.Method != "GET" || len(s.r.URL.Query()) != 2 || s.r.URL.Path != "/send" || s.body != "" {
				t.Errorf("query: %s %s", s.r.Method, s.r.URL)
			}
			return s.r.URL.Query().Get("text")
		}},
		"json": {"json: {messages: [{to: '{{.to}}', text: '{{.text}}', flash: false, parts: {$number: '{{.segments}}'}}], absent: '{{.receiptURL}}', none: {a: '{{.receiptURL}}'}}", func() string {
			var m map[string][]struct {
				To, Text string
				Flash    *bool
				Parts    int
			}
			if err := json.Unmarshal([]byte(s.body), &m); err != nil || len(m) != 1 || len(m["messages"]) != 1 {
				t.Fatalf("json: %v %q", err, s.body)
			}
			if one := m["messages"][0]; one.To != "+996555000111" || one.Flash == nil || one.Parts != 2 {
				t.Errorf("json: %+v", one)
			}
			return m["messages"][0].Text
		}},
		"text": {"body: '{{.text}}'", func() string { return s.body }},
	} {
		o := options(t, "allow: [127.0.0.0/8]\nports: [0]\nrequest:\n  url: "+s.URL+"/send\n  "+tc.request)
		p, _ := provider(t, o, deps(newTokens()))
		d := delivery(t, "+996555000111")
		d.Content.SMS = rooms.NewBody(sly)
		if got := p.Send(t.Context(), d); got.Result != channels.Sent {
			t.Fatalf("%s: %+v", name, got)
		}
		if got := tc.text(); got != sly {
			t.Errorf("%s: %q, want %q", name, got, sly)
		}
		if s.r.Header.Get("X-Evil") != "" {
			t.Errorf("%s: a header was injected", name)
		}
	}
	o := options(t, "allow: [127.0.0.0/8]\nports: [0]\nrequest:\n  url: "+s.URL+"/send\n  contentType: xml\n  body: '<m to=\"{{.to}}\">{{if eq .encoding \"ucs2\"}}{{.text}}{{end}}</m>'")
	p, _ := provider(t, o, deps(newTokens()))
	d := delivery(t, "+996555000111")
	d.Content.SMS = rooms.NewBody(sly)
	p.Send(t.Context(), d)
	if strings.Count(s.body, "<") != 2 || !strings.Contains(s.body, "&lt;to&gt;+999") || !strings.Contains(s.body, `<m to="+996555000111">`) {
		t.Errorf("xml: %q", s.body)
	}
}

// What an answer quotes is not kept, wherever the configuration looks.
func TestAnswersAreNotQuoted(t *testing.T) {
	var reply string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(s.Close)
	o := options(t, "allow: [127.0.0.0/8]\nports: [0]\nrequest: {url: '"+s.URL+"', form: {to: '{{.to}}'}}\nanswer: {id: /id, code: /code}")
	p, _ := provider(t, o, deps(newTokens()))
	for text, want := range map[string]channels.Outcome{
		`{"id":"x-996555000111","code":"E.996555000111"}`:                    {Result: channels.Sent},
		`{"id":"two words","code":"not a code: Please come"}`:                {Result: channels.Sent, Code: "HTTP 200"},
		`{"id":"` + strings.Repeat("x", 200) + `","code":"é"}`:               {Result: channels.Sent, Code: "HTTP 200"},
		`{"id":12345678901234567890,"code":7}`:                               {Result: channels.Sent, ProviderID: "12345678901234567890", Code: "7"},
		`{"id":"a,b"}`:                                                       {Result: channels.Sent, Code: "HTTP 200"},
		`{"id":null}`:                                                        {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
		`{"id":{"deep":1}}`:                                                  {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
		strings.Repeat("[", 60000):                                           {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
		`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><id>&a;</id>`: {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
		`{"id":"x","id":"y"}`:                                                {Result: channels.Deferred, Reason: rooms.Unknown, Code: "HTTP 200"},
	} {
		reply = text
		if got := p.Send(t.Context(), delivery(t, "+996555000111")); got != want {
			t.Errorf("%.60s: %+v, want %+v", text, got, want)
		}
	}
}

// Whoever is not told by the request where to report knows that by itself, and reports by the id.
func TestReceiptsWithoutPublicURL(t *testing.T) {
	var reply string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	}))
	t.Cleanup(s.Close)
	for _, tc := range []struct {
		form, serve, reply string
		want               bool
	}{
		{"to: '{{.to}}'", "", `{"id":"a"}`, true},
		{"to: '{{.to}}'", "https://crier.example.org", `{"id":"a"}`, true},
		{"to: '{{.to}}'", "https://crier.example.org", `{"id":"a b"}`, false},
		{"to: '{{.to}}'", "https://crier.example.org", `{"id":"996555000111"}`, false},
		{"to: '{{.to}}', back: '{{.receiptURL}}'", "", `{"id":"a"}`, false},
		{"to: '{{.to}}', back: '{{.receiptURL}}'", "https://crier.example.org", `{"id":"a"}`, true},
		{"to: '{{.to}}', back: '{{.receiptURL}}'", "https://crier.example.org", `{"id":"996555000111"}`, true},
	} {
		o := options(t, "allow: [127.0.0.0/8]\nports: [0]\nrequest: {url: '"+s.URL+"', form: {"+tc.form+"}}\nanswer: {id: /id}\n"+
			"receipt: {id: 'form:id', status: 'form:status', statuses: {ok: delivered}}\nverify: {networks: [127.0.0.0/8]}")
		p, err := httpsms.New(o, deps(newTokens()))
		if err != nil {
			t.Fatal(err)
		}
		if tc.serve != "" {
			p.Serve(tc.serve)
		}
		reply = tc.reply
		if got := p.Send(t.Context(), delivery(t, "+996555000111")); got.Result != channels.Sent || got.Receipt != tc.want {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}
