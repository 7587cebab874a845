package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever bytes come in, something is said of them, within bounds.
func FuzzRead(f *testing.F) {
	entries, err := os.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".eml"); ok {
			f.Add(sample(f, name), "", "bounces+"+testToken+"@crier.test")
		}
	}
	f.Add([]byte("Content-Type: text/html; charset=utf-16\n\n<<!<a <b>"), "a@b.test", "reply@crier.test")
	f.Fuzz(func(t *testing.T, raw []byte, from, to string) {
		e := Envelope{From: from, To: to, Known: true}
		m := Read(raw).Sent(e, ours())
		text := m.Text.Reveal()
		if m.Kind == "" || m.ID == "" || len(text) > maxText || !utf8.ValidString(text+m.Subject.Reveal()) || strings.ContainsRune(text, 0) {
			t.Errorf("%s with %d bytes of text", m.Kind, len(text))
		}
		if len(m.Tokens) > maxFound || len(m.IDs) > maxFound || strings.Trim(m.Code, "0123456789. ") != "" {
			t.Errorf("%d tokens, %d ids, code %q", len(m.Tokens), len(m.IDs), m.Code)
		}
		if again := Read(raw).Sent(e, ours()); again.ID != m.ID || again.Kind != m.Kind {
			t.Error("it depends on more than the mail")
		}
	})
}

// bombs are mails that cost their reader dearly if he lets them.
func bombs() map[string][]byte {
	var deep, wide bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	deep.WriteString("\nwords\n")
	wide.WriteString("Content-Type: multipart/mixed; boundary=w\n\n--w\n\nwords\n")
	for range 100_000 {
		wide.WriteString("--w\nContent-Type: image/png\n\nx\n")
	}
	big := strings.Repeat("a@1:\n", 400_000)
	return map[string][]byte{
		"nested":     deep.Bytes(),
		"many parts": wide.Bytes(),
		"header":     []byte("X: " + strings.Repeat("y", 10<<20) + "\n\nwords\n"),
		"fields":     []byte(strings.Repeat("X: y\n", 500_000) + "\nwords\n"),
		"base64":     []byte("Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(big))),
		"lines":      []byte("Subject: x\n\n" + big),
		"one line":   []byte("Subject: x\n\n" + strings.Repeat("x", 2<<20)),
		"brackets":   []byte("Content-Type: text/html\n\n" + strings.Repeat("<", 2<<20)),
		"tags":       []byte("Content-Type: text/html\n\n" + strings.Repeat("<a", 1<<20)),
		"quotations": []byte("Content-Type: text/html\n\n" + strings.Repeat("<blockquote>x<br>", 100_000)),
		"styles":     []byte("Content-Type: text/html\n\n" + strings.Repeat("<style>", 300_000)),
		"boundaries": []byte("Content-Type: multipart/mixed; boundary=-\n\nx" + strings.Repeat("-", 4<<20)),
		"folded":     []byte("Subject: x\n" + strings.Repeat(" y\n", 90_000) + "\nwords\n"),
		"statuses":   []byte("Content-Type: message/delivery-status\n\n" + strings.Repeat("Action: failed\n\n", 100_000)),
		"tokens":     []byte("Content-Type: text/rfc822-headers\n\n" + strings.Repeat("+"+testToken+"@", 20_000)),
		"words":      []byte("Subject: " + strings.Repeat("=?utf-8?B?QUFBQQ==?= ", 50_000) + "\n\nwords\n"),
		"comments":   []byte("From: " + strings.Repeat("(", 250_000) + "\nTo: " + strings.Repeat("a@b.test,", 25_000) + "\n\nwords\n"),
		"groups":     []byte("To: " + strings.Repeat("a:;", 80_000) + "\nCc: " + strings.Repeat(`"`, 200_001) + "\n\nwords\n"),
		"heads":      []byte("Subject: x\n\n" + strings.Repeat("From: a\nTo: b\n", 100_000)),
	}
}

func TestBombs(t *testing.T) {
	for name, raw := range bombs() {
		began := time.Now()
		m := Read(raw).Sent(Envelope{To: "bounces+" + testToken + "@crier.test", Known: true}, ours())
		_ = Read(raw).Sent(Envelope{}, ours())
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s: %s took %s", name, m.Kind, took)
		}
		if len(m.Text.Reveal()) > maxText || m.Attachments > maxParts {
			t.Errorf("%s: %d bytes, %d attachments", name, len(m.Text.Reveal()), m.Attachments)
		}
	}
	for _, name := range []string{"many parts", "header", "fields", "folded"} {
		if m := Read(bombs()[name]).Sent(Envelope{}, ours()); m.Text.Reveal() != "words" {
			t.Errorf("%s: the words are gone", name)
		}
	}
}
