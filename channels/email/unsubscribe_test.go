package email

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A subscriber's mail program is told where to unsubscribe, by https alone (RFC 8058); a named recipient's is not.
func TestUnsubscribeHeaders(t *testing.T) {
	c := composing(t, Options{From: "office@gov.test"})
	to, err := rooms.ParseEmail("a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	link := "https://messages.gov.test/leave/" + strings.Repeat("aB3_-", 30)
	for _, want := range []string{"", link} {
		d := rooms.Delivery{To: rooms.Contact{Channel: rooms.Email, Address: to}, Content: rooms.Content{Text: rooms.NewBody("x")}}
		if want != "" {
			if d.Leave, err = rooms.ParseURL(want); err != nil {
				t.Fatal(err)
			}
		}
		m, err := c.message(d)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(m.body))
		if err != nil {
			t.Fatal(err)
		}
		where, how := parsed.Header.Get("List-Unsubscribe"), parsed.Header.Get("List-Unsubscribe-Post")
		if want == "" && where+how != "" || want != "" && (where != "<"+want+">" || how != "List-Unsubscribe=One-Click") {
			t.Errorf("%q, %q; want %q", where, how, want)
		}
	}
}
