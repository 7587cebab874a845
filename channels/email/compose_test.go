package email_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that it decodes what it reads
	"github.com/emersion/go-message/mail"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// part is a leaf of a MIME tree, decoded.
type part struct{ kind, text string }

// parse reads a message with a library that had no hand in writing it.
func parse(t testing.TB, raw []byte) (mail.Header, []part) {
	t.Helper()
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	var parts []part
	err = entity.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, err := e.Header.ContentType()
		if err != nil || strings.HasPrefix(kind, "multipart/") {
			return err
		}
		text, err := io.ReadAll(e.Body)
		parts = append(parts, part{kind, string(text)})
		return err
	})
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	return mail.Header{Header: entity.Header}, parts
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// sent gives the bytes of a delivery as a server takes them.
func sent(t *testing.T, change func(*rooms.Delivery)) []byte { return taken(t, change).Body }

func taken(t *testing.T, change func(*rooms.Delivery)) emailtest.Message {
	t.Helper()
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	d := delivery(t, 7, "citizen@people.test")
	change(&d)
	o := to(sink)
	o.ReplyTo, o.MessageIDDomain = "desk@gov.test", "crier.gov.test"
	mustSend(t, provider(t, o), d)
	return sink.Messages()[0]
}

func TestMessage(t *testing.T) {
	d := delivery(t, 7, "citizen@people.test")
	raw := sent(t, func(*rooms.Delivery) {})
	header, parts := parse(t, raw)

	subject, _ := header.Subject()
	id, _ := header.MessageID()
	date, _ := header.Date()
	from, _ := header.AddressList("From")
	recipients, _ := header.AddressList("To")
	answers, _ := header.AddressList("Reply-To")
	for _, tc := range []struct{ field, got, want string }{
		{"Subject", subject, d.Content.Subject.Reveal()},
		{"Message-ID", id, string(umid) + ".7@crier.gov.test"},
		{"Date", date.UTC().Format(time.RFC3339), umid.Time().Format(time.RFC3339)},
		{"From", from[0].Name + " " + from[0].Address, "Бюро регистрации office@gov.test"},
		{"To", recipients[0].Name + " " + recipients[0].Address, "Айзада Усенова citizen@people.test"},
		{"Reply-To", answers[0].Address, "desk@gov.test"},
		{"Auto-Submitted", header.Get("Auto-Submitted"), "auto-generated"},
		{"MIME-Version", header.Get("MIME-Version"), "1.0"},
		{"User-Agent", header.Get("User-Agent") + header.Get("X-Mailer"), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("%s is %q, want %q", tc.field, tc.got, tc.want)
		}
	}
	if kind, _, _ := header.ContentType(); kind != "multipart/alternative" {
		t.Errorf("Content-Type is %s, want multipart/alternative", kind)
	}
	wantParts(t, parts, part{"text/plain", crlf(d.Content.Text.Reveal())}, part{"text/html", d.Content.HTML.Reveal()})
	for i, line := range strings.Split(string(raw), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %d is %q: too long, or broken within", i+1, line)
		}
	}
}

func wantParts(t *testing.T, got []part, want ...part) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d parts, want %d: %q", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("part %d is\n%q, want\n%q", i, got[i], want[i])
		}
	}
}

func TestSinglePart(t *testing.T) {
	text, html := rooms.NewBody("Plain — текст\n"), rooms.NewBody("<p>HTML — текст</p>\n")
	for kind, content := range map[string]rooms.Content{
		"text/plain": {Subject: rooms.NewBody("s"), Text: text},
		"text/html":  {Subject: rooms.NewBody("s"), HTML: html},
	} {
		_, parts := parse(t, sent(t, func(d *rooms.Delivery) { d.Content = content }))
		wantParts(t, parts, part{kind, crlf(content.Text.Reveal() + content.HTML.Reveal())})
	}
}

// The envelope id comes back in bounces, with the sender to whom they go.
func TestEnvelope(t *testing.T) {
	m := taken(t, func(*rooms.Delivery) {})
	if m.From != "office@gov.test" || m.To != "citizen@people.test" || m.Envelope != string(umid)+".7" || m.UTF8 {
		t.Errorf("envelope from %q to %q, id %q, SMTPUTF8 %t", m.From, m.To, m.Envelope, m.UTF8)
	}
}

// Whoever receives an attempt twice can tell: not a byte differs.
func TestAttemptsAreTheSameBytes(t *testing.T) {
	first := sent(t, func(*rooms.Delivery) {})
	again := sent(t, func(d *rooms.Delivery) { d.Attempt, d.Deadline = 5, d.Deadline.Add(time.Hour) })
	other := sent(t, func(d *rooms.Delivery) { d.ID.N++ })
	if !bytes.Equal(first, again) {
		t.Errorf("attempt 1 is\n%s\nattempt 5 is\n%s", first, again)
	}
	if bytes.Equal(first, other) {
		t.Error("two deliveries are the same bytes: their Message-ID does not tell them apart")
	}
}

// What rooms.Content allows in a subject fits the lines of RFC 5322 §2.1.1, one long word too.
func TestLongestSubjectFitsItsLine(t *testing.T) {
	subject := ""
	for len((rooms.Content{Subject: rooms.NewBody(subject + "x"), Text: rooms.NewBody("x")}).Check("")) == 0 {
		subject += "x"
	}
	raw := sent(t, func(d *rooms.Delivery) { d.Content.Subject = rooms.NewBody(subject) })
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d characters", len(line))
		}
	}
}
