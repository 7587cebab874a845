package whatsapp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
	"github.com/govcrier/crier/rooms"
)

// listener hears everything, and refuses some of it.
type listener struct {
	mu       sync.Mutex
	receipts []channels.Receipt
	heard    []rooms.Inbound
	fail     int // so many times
}

func (l *listener) refuse() bool {
	if l.fail > 0 {
		l.fail--
		return true
	}
	return false
}

func (l *listener) receipt(_ context.Context, r channels.Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse() {
		return errors.New("not durable")
	}
	l.receipts = append(l.receipts, r)
	return nil
}

func (l *listener) text(_ context.Context, in rooms.Inbound) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse() {
		return errors.New("not durable")
	}
	l.heard = append(l.heard, in)
	return nil
}

// said is all that was heard, in lines.
func (l *listener) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, r := range l.receipts {
		fmt.Fprintf(&b, "%s %s %s umid=%s n=%d\n", r.Status, r.Reason, r.Code, r.ID.UMID, r.ID.N)
	}
	for _, in := range l.heard {
		fmt.Fprintf(&b, "%s -> %s: %s (%s)\n", in.From.Reveal(), in.To.Reveal(), in.Text.Reveal(), in.Answers.UMID)
	}
	return b.String()
}

func (l *listener) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receipts, l.heard, l.fail = nil, nil, 0
}

// hearing has a listener hear all until the test ends.
func hearing(t testing.TB, c *whatsapp.Cloud, at string) *listener {
	l := new(listener)
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() { _ = c.Receipts(ctx, l.receipt) })
	both.Go(func() { _ = c.Inbound(ctx, l.text) })
	t.Cleanup(func() { cancel(); both.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		probe := []string{whatsapptest.Statuses(whatsapptest.State("wamid.probe", "read", "1", "", 0)), whatsapptest.Messages(whatsapptest.Text("wamid.probe", aida, "?", ""))}
		if whatsapptest.Call(at, probe[0]) == 200 && whatsapptest.Call(at, probe[1]) == 200 {
			l.clear()
			return l
		}
		if time.Now().After(end) {
			t.Fatal("nobody listens")
		}
	}
}

// What each call says, of those in the documentation; one that comes again says the same.
func TestCalls(t *testing.T) {
	s := whatsapptest.New(t)
	k := newDesk()
	c, at := cloud(t, options(t, s), k, s)
	body := whatsapptest.Messages(whatsapptest.Text("wamid.1", aida, "Hello", ""))
	if got := whatsapptest.Call(at, body); got != 503 {
		t.Errorf("nobody listens: %d", got)
	}
	l := hearing(t, c, at)
	token := k.sign(rooms.Delivery{ID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 2})
	sent := c.Send(t.Context(), delivery(t, aida, "", "Come."))
	k.answered[sent.ProviderID] = rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 1}
	wamid := s.Sent()[0].ID
	until(t, func() bool { return strings.Count(l.said(), "delivered") >= 2 }) // what the server reports by itself
	l.clear()
	raw := func(text string) string { return whatsapptest.Messages(text) }
	const from, to = `"from":"996555000111","id":"wamid.3","timestamp":"1750857384"`, "+996555000111 -> +15550783881: "
	const known = "umid=01KAMVJVG0ZJ2C5YD3GZ7A8Q4M n=3\n"
	for name, tc := range map[string]struct{ body, want string }{
		"sent":                  {whatsapptest.Statuses(whatsapptest.State(wamid, "sent", "996555000111", token, 0)), ""},
		"delivered":             {whatsapptest.Statuses(whatsapptest.State(wamid, "delivered", "996555000111", token, 0)), "delivered   " + known},
		"read":                  {whatsapptest.Statuses(whatsapptest.State(wamid, "read", "996555000111", token, 0)), "delivered   " + known},
		"no token":              {whatsapptest.Statuses(whatsapptest.State(wamid, "read", "996555000111", "", 0)), "delivered   umid= n=0\n"},
		"a token of another":    {whatsapptest.Statuses(whatsapptest.State(wamid, "read", "996555000111", "guess", 0)), "delivered   umid= n=0\n"},
		"window":                {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 131047)), "failed rejected 131047 window-closed " + known},
		"undeliverable":         {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 131026)), "failed no-mailbox 131026 undeliverable " + known},
		"opted out":             {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 131050)), "failed suppressed 131050 opted-out " + known},
		"rate":                  {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 130429)), "failed bounced 130429 rate " + known},
		"template":              {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 132015)), "failed bounced 132015 template " + known},
		"nobody knows why":      {whatsapptest.Statuses(whatsapptest.State(wamid, "failed", "996555000111", token, 0)), "failed bounced  " + known},
		"deleted":               {whatsapptest.Statuses(whatsapptest.State(wamid, "deleted", "996555000111", token, 0)), ""},
		"a text":                {whatsapptest.Messages(whatsapptest.Text("wamid.2", aida, "Hello", "")), to + "Hello ()\n"},
		"an answer":             {whatsapptest.Messages(whatsapptest.Text("wamid.2", aida, "Hello", wamid)), to + "Hello (01KAMVJVG0ZJ2C5YD3GZ7A8Q4M)\n"},
		"an answer to another":  {whatsapptest.Messages(whatsapptest.Text("wamid.2", aida, "Hello", "wamid.other")), to + "Hello ()\n"},
		"a button":              {raw(`{"context":{"from":"15550783881","id":"wamid.other"},` + from + `,"type":"button","button":{"text":"STOP","payload":"stop-it"}}`), to + "STOP ()\n"},
		"a reply button":        {raw(`{` + from + `,"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"1","title":"Yes"}}}`), to + "Yes ()\n"},
		"a list":                {raw(`{` + from + `,"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"1","title":"Tuesday","description":"9:00"}}}`), to + "Tuesday ()\n"},
		"a picture":             {raw(`{` + from + `,"type":"image","image":{"caption":"my card","mime_type":"image/jpeg","id":"1"}}`), to + "my card ()\n"},
		"a voice":               {raw(`{` + from + `,"type":"audio","audio":{"mime_type":"audio/ogg","id":"1","voice":true}}`), to + "[audio] ()\n"},
		"of a kind not known":   {raw(`{` + from + `,"type":"<b>"}`), to + "[other] ()\n"},
		"a reaction":            {raw(`{` + from + `,"type":"reaction","reaction":{"message_id":"wamid.other","emoji":"x"}}`), ""},
		"a change of number":    {raw(`{` + from + `,"type":"system","system":{"body":"changed","wa_id":"996555000112"}}`), ""},
		"without a number":      {raw(`{"from":"","id":"wamid.3","timestamp":"1","type":"text","text":{"body":"x"}}`), ""},
		"one that is unread":    {whatsapptest.Messages(`{"id":7}`, `[]`, whatsapptest.Text("wamid.2", aida, "Hello", "")), to + "Hello ()\n"},
		"of another number":     {whatsapptest.Entry(`{"metadata":{"display_phone_number":"1","phone_number_id":"7"},"messages":[` + whatsapptest.Text("wamid.2", aida, "Hello", "") + `]}`), ""},
		"of something else":     {`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"account_update","value":{"event":"x"}}]}]}`, ""},
		"nothing at all":        {`{"object":"whatsapp_business_account"}`, ""},
		"many, of many entries": {`{"object":"whatsapp_business_account","entry":[` + inner(whatsapptest.Statuses(whatsapptest.State(wamid, "read", "996555000111", token, 0), whatsapptest.State(wamid, "failed", "996555000111", token, 131047))) + `,` + inner(whatsapptest.Messages(whatsapptest.Text("wamid.8", aida, "one", ""), whatsapptest.Text("wamid.9", aida, "two", ""))) + `]}`, "delivered   " + known + "failed rejected 131047 window-closed " + known + to + "one ()\n" + to + "two ()\n"},
	} {
		t.Run(name, func(t *testing.T) {
			l.clear()
			if got := whatsapptest.Call(at, tc.body); got != 200 || l.said() != tc.want {
				t.Errorf("%d %q, want %q", got, l.said(), tc.want)
			}
		})
	}
	l.clear()
	for range 2 {
		whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.HBgMOTk2NTU1MDAwMTEx", aida, "Hello", "")))
	}
	if a, b := l.heard[0], l.heard[1]; a.ID != b.ID || strings.Contains(a.ID, "HBgM") || a.Channel != rooms.WhatsApp || a.Provider != "cloud" {
		t.Errorf("%+v %+v", a, b)
	}
}

// inner is the entry of a call.
func inner(call string) string {
	_, rest, _ := strings.Cut(call, `"entry":[`)
	return strings.TrimSuffix(rest, "]}")
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

// A call is answered with 200 only when all of it is durable; what was taken of it before comes again, as the same.
func TestCallsThatAreNotDurable(t *testing.T) {
	s := whatsapptest.New(t)
	k := newDesk()
	c, at := cloud(t, options(t, s), k, s)
	l := hearing(t, c, at)
	body := whatsapptest.Messages(whatsapptest.Text("wamid.1", aida, "one", ""), whatsapptest.Text("wamid.2", aida, "two", "wamid.other"))
	l.fail = 1
	if got := whatsapptest.Call(at, body); got != 503 || l.said() != "" {
		t.Errorf("%d %q", got, l.said())
	}
	k.fails = true // what is answered cannot be looked for
	if got := whatsapptest.Call(at, body); got != 503 || strings.Count(l.said(), "\n") != 1 {
		t.Errorf("%d %q", got, l.said())
	}
	token := k.sign(rooms.Delivery{ID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 2})
	l.clear() // where the room is not known now, the id has to do
	if got := whatsapptest.Call(at, whatsapptest.Statuses(whatsapptest.State("wamid.3", "read", "1", token, 0))); got != 200 || l.said() != "delivered   umid= n=0\n" {
		t.Errorf("%d %q", got, l.said())
	}
	k.fails = false // that a number takes nothing is heard once it is known that something went there
	l.clear()
	early := whatsapptest.Statuses(whatsapptest.State("wamid.4", "failed", "996555000111", token, 131026))
	if got := whatsapptest.Call(at, early); got != 503 || l.said() != "" {
		t.Errorf("%d %q", got, l.said())
	}
	old := strings.Replace(early, fmt.Sprintf(`"timestamp":"%d`, time.Now().Unix()/1000), fmt.Sprintf(`"timestamp":"%d`, time.Now().Unix()/1000-1), 1)
	if got := whatsapptest.Call(at, old); got != 200 || !strings.HasPrefix(l.said(), "failed no-mailbox") {
		t.Errorf("%d %q", got, l.said())
	}
	if got := whatsapptest.Call(at, body); got != 200 {
		t.Errorf("%d %q", got, l.said())
	}
}

// Whoever is not Meta learns nothing and says nothing.
func TestWhoCalls(t *testing.T) {
	s := whatsapptest.New(t)
	o := options(t, s)
	c, at := cloud(t, o, newDesk(), s)
	l := hearing(t, c, at)
	body := whatsapptest.Messages(whatsapptest.Text("wamid.1", aida, "Hello", ""))
	good := whatsapptest.Sign(whatsapptest.Secret, body)
	for name, tc := range map[string]struct {
		body, signature string
		want            int
	}{
		"nobody":             {body, "", 403},
		"another key":        {body, whatsapptest.Sign("guess", body), 403},
		"another body":       {body + " ", good, 403},
		"no prefix":          {body, strings.TrimPrefix(good, "sha256="), 403},
		"half of it":         {body, good[:len(good)/2], 403},
		"of nothing":         {body, "sha256=", 403},
		"unreadable":         {"{", whatsapptest.Sign(whatsapptest.Secret, "{"), 400},
		"another object":     {`{"object":"page"}`, whatsapptest.Sign(whatsapptest.Secret, `{"object":"page"}`), 400},
		"more than Meta has": {strings.Repeat(" ", 3<<20+1), "", 413},
	} {
		if got := whatsapptest.Post(at, tc.body, tc.signature); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	if l.said() != "" {
		t.Errorf("%q was heard", l.said())
	}
	for name, tc := range map[string]struct {
		mode, word, challenge string
		status                int
	}{
		"Meta":                {"subscribe", whatsapptest.Verify, "1158201444", 200},
		"a guess":             {"subscribe", "guess", "1158201444", 403},
		"no word":             {"subscribe", "", "1158201444", 403},
		"something else":      {"unsubscribe", whatsapptest.Verify, "1158201444", 403},
		"what nobody repeats": {"subscribe", whatsapptest.Verify, "<script>", 400},
	} {
		q := url.Values{"hub.mode": {tc.mode}, "hub.verify_token": {tc.word}, "hub.challenge": {tc.challenge}}
		w, err := http.Get(at + "?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(w.Body)
		_ = w.Body.Close()
		if err != nil || w.StatusCode != tc.status || (string(said) == tc.challenge) != (tc.status == 200) {
			t.Errorf("%s: %d %q", name, w.StatusCode, said)
		}
	}
	if err := os.Chmod(o.SecretFile, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := whatsapptest.Post(at, body, good); got != 503 {
		t.Errorf("without the secret: %d", got)
	}
}

// Where Meta's calls are not configured nothing is heard, and no receipt awaited.
func TestDeaf(t *testing.T) {
	s := whatsapptest.New(t)
	o := options(t, s)
	o.SecretFile, o.VerifyFile = "", ""
	c, at := cloud(t, o, newDesk(), s)
	s.CallBack("", false)
	if got := c.Send(t.Context(), delivery(t, aida, "", "Come.")); got.Result != channels.Sent || got.Receipt {
		t.Errorf("%+v", got)
	}
	if got := whatsapptest.Call(at, whatsapptest.Messages()); got != 404 {
		t.Errorf("%d", got)
	}
}

func FuzzCalls(f *testing.F) {
	s := whatsapptest.New(f)
	c, at := cloud(f, options(f, s), newDesk(), s)
	l := hearing(f, c, at)
	f.Add(whatsapptest.Messages(whatsapptest.Text("wamid.1", aida, "Hello", "wamid.2")))
	f.Add(whatsapptest.Statuses(whatsapptest.State("wamid.1", "failed", "996555000111", "tok", 131047)))
	f.Add(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":null}]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		l.clear()
		r := httptest.NewRequest("POST", "/v1/inlets/cloud/inbound", strings.NewReader(body))
		r.Header.Set("X-Hub-Signature-256", whatsapptest.Sign(whatsapptest.Secret, body))
		w := httptest.NewRecorder()
		c.Inlet().ServeHTTP(w, r)
		for _, in := range l.heard {
			if in.From.IsZero() || in.Text.IsZero() || in.ID == "" || in.At.IsZero() {
				t.Errorf("%+v", in)
			}
		}
		for _, r := range l.receipts {
			if r.ProviderID == "" || r.At.IsZero() || (r.Status == rooms.Failed) != (r.Reason != "") {
				t.Errorf("%+v", r)
			}
		}
	})
}

// WhatsApp may call somebody by another number than the one that a message went to.
func TestOtherNumbersOfATelephone(t *testing.T) {
	s := whatsapptest.New(t)
	k := newDesk()
	c, at := cloud(t, options(t, s), k, s)
	l := hearing(t, c, at)
	for name, tc := range map[string]struct{ from, sent, want string }{
		"Mexico":                      {"5215512345678", "+525512345678", "+525512345678"},
		"Mexico, the old form":        {"525512345678", "+5215512345678", "+5215512345678"},
		"Mexico, sent as it is":       {"5215512345678", "+5215512345678", "+5215512345678"},
		"Argentina":                   {"5491123456789", "+541123456789", "+541123456789"},
		"Brazil":                      {"553187654321", "+5531987654321", "+5531987654321"},
		"Brazil, without the digit":   {"5531987654321", "+553187654321", "+553187654321"},
		"nothing was sent to anybody": {"5215512345678", "", "+5215512345678"},
		"a number of one form":        {"996555000111", "+996555000112", "+996555000111"},
		"too short":                   {"5212345", "+522345", "+5212345"},
	} {
		t.Run(name, func(t *testing.T) {
			l.clear()
			k.mu.Lock()
			k.known = map[string]bool{tc.sent: true}
			k.mu.Unlock()
			if got := whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.2", tc.from, "STOP", ""))); got != 200 {
				t.Fatalf("answered %d", got)
			}
			if got := l.said(); got != tc.want+" -> +15550783881: STOP ()\n" {
				t.Errorf("heard %q", got)
			}
		})
	}
	l.clear()
	k.mu.Lock()
	k.fails = true
	k.mu.Unlock()
	if got := whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.2", "5215512345678", "STOP", ""))); got != 503 || l.said() != "" {
		t.Errorf("answered %d while nothing can be found, want Meta to come again", got)
	}
}

// Who answers a message is whom it went to: Meta says so, and signs it.
func TestAnAnswerIsTheRecipients(t *testing.T) {
	s := whatsapptest.New(t)
	k := newDesk()
	c, at := cloud(t, options(t, s), k, s)
	l := hearing(t, c, at)
	sent := c.Send(t.Context(), delivery(t, aida, "", "Come."))
	k.mu.Lock()
	k.answered[sent.ProviderID] = rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 1}
	k.mu.Unlock()
	for answered, want := range map[string]bool{s.Sent()[0].ID: true, "wamid.other": false, "": false} {
		l.clear()
		if got := whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.2", aida, "STOP", answered))); got != 200 {
			t.Fatalf("answered %d", got)
		}
		l.mu.Lock()
		if len(l.heard) != 1 || l.heard[0].Signed != want {
			t.Errorf("an answer to %q: %+v, want it signed: %t", answered, l.heard, want)
		}
		l.mu.Unlock()
	}
}
