package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

const (
	testToken = "aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaib"
	testUMID  = rooms.UMID("01KAPX5Z0R8Q3V7W2M4N6P8S9T")
)

func ours() Addresses {
	return Addresses{Bounce: "bounces", Reply: "reply", Unsubscribe: "unsubscribe"}
}

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// What mails are, by their bytes. The lines that a mail system ends with LF mean what they mean with CRLF.
func TestReports(t *testing.T) {
	bounce := Envelope{To: "bounces+" + testToken + "@crier.test", Known: true}
	plain := Envelope{To: "office@crier.test", Known: true}
	from := func(local string) Envelope {
		return Envelope{From: "citizen@people.test", To: local + "@crier.test", Known: true}
	}
	for name, tc := range map[string]struct {
		e    Envelope
		want string // kind, code, reason, whether there is a token, whether there is an id
	}{
		"bounce-postfix":         {bounce, "bounced 550 5.1.1 no-mailbox token id"},
		"bounce-expired":         {bounce, "bounced 4.4.1 bounced token id"},
		"bounce-alias":           {bounce, "bounced 552 5.2.2 bounced token id"},
		"bounce-fallback-id":     {plain, "bounced 550 5.7.1 bounced id"},
		"bounce-courier":         {plain, "bounced 550 5.0.0 bounced token id"},
		"bounce-exchange":        {plain, "bounced 550 5.1.10 no-mailbox token id"},
		"bounce-no-class":        {bounce, "bounced 5.1.1 no-mailbox token id"},
		"bounce-qmail":           {plain, "bounced 550 5.1.1 no-mailbox token id"},
		"bounce-exim":            {plain, "bounced 550 bounced token id"},
		"bounce-gmail":           {plain, "bounced 550 5.1.1 no-mailbox token id"},
		"bounce-postfix-text":    {bounce, "bounced 552 5.2.2 bounced token"},
		"bounce-exchange-old":    {bounce, "bounced bounced token"},
		"bounce-full":            {bounce, "bounced bounced token"},
		"delayed-postfix":        {bounce, "delayed 4.4.1 token id"},
		"delayed-sendmail":       {bounce, "delayed 451 4.4.1 token"},
		"delivered":              {bounce, "delivered 2.0.0 token id"},
		"relayed":                {bounce, "automatic token id"},
		"complaint":              {plain, "complaint token id"},
		"complaint-encoded":      {plain, "complaint token id"},
		"complaint-not-spam":     {plain, "automatic token id"},
		"automatic-vacation":     {from("reply+" + testToken), "automatic token"},
		"automatic-subject":      {from("reply+" + testToken), "automatic token"},
		"automatic-list":         {from("reply+" + testToken), "automatic token"},
		"automatic-read":         {from("reply+" + testToken), "automatic token"},
		"automatic-loop":         {plain, "automatic id"},
		"stop":                   {from("unsubscribe+" + testToken), "stop token"},
		"reply-plain":            {from("reply+" + testToken), "reply token id"},
		"reply-about-error":      {from("bounces+" + testToken), "reply token"},
		"reply-forwarded-bounce": {from("reply+" + testToken), "reply token"},
		"reply-no-header":        {from("newborn"), "reply"},
	} {
		for _, raw := range [][]byte{sample(t, name), bytes.ReplaceAll(sample(t, name), []byte("\n"), []byte("\r\n"))} {
			m := Read(raw).Sent(tc.e, ours())
			got := []string{string(m.Kind), m.Code, string(m.Reason), "", ""}
			if slices.Contains(m.Tokens, testToken) {
				got[3] = "token"
			}
			if slices.Contains(m.IDs, rooms.DeliveryID{UMID: testUMID, N: 7}) {
				got[4] = "id"
			}
			if text := strings.Join(strings.Fields(strings.Join(got, " ")), " "); text != tc.want {
				t.Errorf("%s: %s, want %s", name, text, tc.want)
			}
		}
	}
}

// Whose mail it was that came back: as it was sent, where the report says so.
func TestRecipientOfAReport(t *testing.T) {
	for name, want := range map[string]string{
		"bounce-postfix": "citizen@people.test", "bounce-alias": "citizen@people.test", "bounce-qmail": "", "delivered": "", "reply-forwarded-bounce": "",
	} {
		if got := Read(sample(t, name)).Sent(Envelope{To: "reply+" + testToken + "@crier.test", Known: true}, ours()).Recipient.Reveal(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// What a machine would write is no report where the mail as a whole is none.
func TestNoReport(t *testing.T) {
	for name, tc := range map[string]struct {
		media, part string
		want        Kind
	}{
		"a part alone":             {"message/feedback-report", "Feedback-Type: abuse\n", Reply},
		"a part of another mail":   {"multipart/mixed; boundary=b", "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b--\n", Reply},
		"a report of another kind": {"multipart/report; report-type=x; boundary=b", "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b--\n", Reply},
		"a report":                 {"multipart/report; report-type=\"Feedback-Report\"; boundary=b", "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b--\n", Complaint},
		"a bounce alone":           {"message/delivery-status", "Action: failed\nStatus: 5.1.1\n", Reply},
		"a bounce passed on":       {"multipart/mixed; boundary=b", "--b\n\nwhat is this?\n--b\nContent-Type: message/delivery-status\n\nX: y\n\nAction: failed\nStatus: 5.1.1\n\n--b--\n", Reply},
		"a bounce":                 {"multipart/report; report-type=delivery-status; boundary=b", "--b\nContent-Type: message/delivery-status\n\nX: y\n\nAction: failed\nStatus: 5.1.1\n\n--b--\n", Bounced},
		"a bounce from a carrier":  {"multipart/mixed; boundary=b\nX-Failed-Recipients: a@b.test", "--b\nContent-Type: message/delivery-status\n\nX: y\n\nAction: failed\nStatus: 5.1.1\n\n--b--\n", Bounced},
	} {
		raw := "From: victim@people.test\nSubject: x\nContent-Type: " + tc.media + "\n\n" + tc.part
		if m := Read([]byte(raw)).Sent(Envelope{From: "x@y.test", To: "office@crier.test", Known: true}, ours()); m.Kind != tc.want {
			t.Errorf("%s: %s, want %s", name, m.Kind, tc.want)
		}
	}
}

// What a person has written, and nothing else.
func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"reply-plain":       "Re: Your certificate|Tuesday does not suit me, is Wednesday all right?\n\nAizada\n--\nSent from a phone|0",
		"reply-interleaved": "Re: Your certificate|On Mon, 23 Nov 2026 at 00:59, Registry wrote:\n> Please come on Tuesday.\nI cannot.\n> Or on Wednesday.\nThat suits me.|0",
		"reply-below":       "Re: Your certificate|Wednesday, please.|0",
		"reply-outlook":     "Свидетельство|Приду в среду & четверг.\nАйзада|0",
		"reply-gmail":       "Re: Your certificate|Ооба, келем.|2",
		"reply-html-quote":  "|Yes, <gladly>.\nA.|0",
		"reply-broken":      "Re: Your certificate|--other\nContent-Type: text/plain\n\nStill here.|0",
		"reply-no-header":   "|Only words,\nwith a NUL  and \uFFFD.|0",
	} {
		m := Read(sample(t, name)).Sent(Envelope{From: "citizen@people.test", To: "reply+x@crier.test", Known: true}, ours())
		text := strings.ReplaceAll(m.Text.Reveal(), "-- \n", "--\n")
		if got := fmt.Sprintf("%s|%s|%d", m.Subject.Reveal(), text, m.Attachments); got != want || m.Kind != Reply {
			t.Errorf("%s (%s):\n%q, want\n%q", name, m.Kind, got, want)
		}
		if from := m.From.Reveal(); from != "citizen@people.test" && name != "reply-no-header" {
			t.Errorf("%s: from %q", name, from)
		}
		if to := m.To.Reveal(); to != "reply@crier.test" {
			t.Errorf("%s: to %q", name, to)
		}
	}
}

// A mailbox says no envelope, so the header has to do.
func TestEnvelopeOfTheHeader(t *testing.T) {
	m := Read(sample(t, "bounce-postfix")).Sent(Envelope{}, ours())
	if m.Kind != Bounced || !slices.Contains(m.Tokens, testToken) || m.To.Reveal() != "bounces@crier.test" {
		t.Errorf("%+v to %q", m, m.To.Reveal())
	}
}

// Where somebody writes to several, and the mailbox has a name of its own, our address is the one that counts.
func TestAddressOfOurs(t *testing.T) {
	raw := []byte("Delivered-To: box@host.test\nTo: Mayor <mayor@town.test>,\n \"Office\" <b@town.test>\nCc: newborn@Crier.test\nFrom: x@y.test\n\nhello\n")
	a := ours()
	for _, want := range []string{"mayor@town.test", "newborn@Crier.test"} {
		if m := Read(raw).Sent(Envelope{}, a); m.To.Reveal() != want {
			t.Errorf("of the domains %v: to %q, want %q", a.Domains, m.To.Reveal(), want)
		}
		a.Domains = []string{"elsewhere.test", "crier.test"}
	}
}

// A mail that goes round in circles is answered by nobody.
func TestLoops(t *testing.T) {
	raw := sample(t, "reply-below")
	for hops, want := range map[int]Kind{100: Reply, 101: Automatic} {
		l := Read(append(bytes.Repeat([]byte("Received: from a by b\n"), hops), raw...))
		if m := l.Sent(Envelope{From: "citizen@people.test", To: "reply@crier.test", Known: true}, ours()); m.Kind != want {
			t.Errorf("%d hops: %s, want %s", hops, m.Kind, want)
		}
	}
}

func TestHTML(t *testing.T) {
	for in, want := range map[string]string{
		"<b>ВЕР</b>А и <i> так </i>далее": "ВЕРА и так далее",
		"a<br>b<br/>c<p>d</p>":            "a\nb\nc\nd",
		"<script>alert('<b>')</SCRIPT>x":  "x",
		"<!-- <p>no</p> -->1 < 2 &lt; 3":  "1 < 2 < 3",
		"<table><tr><td>a<td>b</table>c":  "a b\nc",
		"<blockquote>q<br>r</blockquote>": "> q\n> r",
		"x<b":                             "x<b",
	} {
		if got := fromHTML(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestIDOfAMail(t *testing.T) {
	raw, e := sample(t, "reply-plain"), Envelope{From: "a@b.test", To: "reply@crier.test", Known: true}
	first := Read(raw).Sent(e, ours()).ID
	again := Read(append([]byte("Received: from somewhere else\n"), raw...)).Sent(e, ours()).ID
	other := Read(raw).Sent(Envelope{From: "a@b.test", To: "office@crier.test", Known: true}, ours()).ID
	changed := Read(append(bytes.Clone(raw), '!')).Sent(e, ours()).ID
	if first != again || first == other || first == changed || len(first) != 40 {
		t.Errorf("%s, %s, %s, %s", first, again, other, changed)
	}
}
