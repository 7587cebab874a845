package email

import (
	"bytes"
	"strings"
	"testing"

	"github.com/emersion/go-message/textproto"

	"bufio"

	"github.com/govcrier/crier/rooms"
)

// FuzzCompose wants that nothing a publisher writes adds, ends or breaks a header.
func FuzzCompose(f *testing.F) {
	f.Add("Subject", "Name", "text\n", "<p>html</p>")
	f.Add("a\r\nBcc: x@y.test\r\n\r\nbody", "n\x00\r\nBcc: x@y.test", ".\r\nQUIT", "--crier-01K9ZZZZZZABCDEFGHJKMNPQRS.1--")
	f.Add(strings.Repeat(" ", 200)+strings.Repeat("x", 200), "\"<x@y.test>", "\r\n.\r\n", "")
	f.Add("\u2028\u0085=?utf-8?q?=0D=0ABcc:_x?=", "\xff\xfe", "\xff", "")
	to, err := rooms.ParseEmail("citizen@people.test")
	if err != nil {
		f.Fatal(err)
	}
	c := composing(f, Options{From: "office@gov.test"})
	allowed := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	f.Fuzz(func(t *testing.T, subject, name, text, html string) {
		d := rooms.Delivery{
			ID:      rooms.DeliveryID{UMID: "01K9ZZZZZZABCDEFGHJKMNPQRS", N: 1},
			To:      rooms.Contact{Address: to, Name: rooms.NewBody(name)},
			Content: rooms.Content{Subject: rooms.NewBody(subject), Text: rooms.NewBody(text), HTML: rooms.NewBody(html)},
		}
		m, err := c.message(d)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(m.body, 0) || !ascii(string(m.body)) || strings.ContainsAny(strings.ReplaceAll(string(m.body), "\r\n", ""), "\r\n") {
			t.Errorf("NUL, 8-bit characters or broken lines in\n%q", m.body)
		}
		header, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(m.body)))
		if err != nil {
			t.Fatalf("%v in\n%q", err, m.body)
		}
		for field := header.Fields(); field.Next(); {
			if !strings.Contains(strings.Join(allowed, " "), field.Key()) {
				t.Errorf("header %q in\n%q", field.Key(), m.body)
			}
		}
		if header.Len() < len(allowed)-2 || header.Len() > len(allowed) {
			t.Errorf("%d headers in\n%q", header.Len(), m.body)
		}
	})
}
