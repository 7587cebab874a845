package email

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A subscriber's mail program is told where to unsubscribe, by https (RFC 8058) and by mail (RFC 2369); a named recipient's is not.
func TestUnsubscribeHeaders(t *testing.T) {
	c := composing(t, Options{From: "office@gov.test"})
	to, err := rooms.ParseEmail("a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	link, err := rooms.ParseURL("https://messages.gov.test/leave/" + strings.Repeat("aB3_-", 30))
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("t0", 28)
	letter, byMail, byLink := "leave@crier.test", "<mailto:leave+"+token+"@crier.test>", "<"+link.Reveal()+">"
	for name, tc := range map[string]struct {
		leave      rooms.Address
		subscribed bool
		token      string
		address    string
		where, how string
	}{
		"a named recipient":           {token: token, address: letter},
		"a subscriber, and no way":    {subscribed: true, token: token},
		"nothing comes back":          {subscribed: true, address: letter},
		"by the link alone":           {leave: link, subscribed: true, token: token, where: byLink, how: "List-Unsubscribe=One-Click"},
		"by mail alone":               {subscribed: true, token: token, address: letter, where: byMail},
		"by the link first, and mail": {leave: link, subscribed: true, token: token, address: letter, where: byLink + ", " + byMail, how: "List-Unsubscribe=One-Click"},
	} {
		c.UnsubscribeAddress = tc.address
		m, err := c.message(rooms.Delivery{To: rooms.Contact{Channel: rooms.Email, Address: to}, Content: rooms.Content{Text: rooms.NewBody("x")},
			Leave: tc.leave, Subscribed: tc.subscribed, Token: tc.token})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(bytes.NewReader(m.body))
		if err != nil {
			t.Fatal(err)
		}
		where, how := parsed.Header.Get("List-Unsubscribe"), parsed.Header.Get("List-Unsubscribe-Post")
		if where != tc.where || how != tc.how {
			t.Errorf("%s: %q, %q; want %q, %q", name, where, how, tc.where, tc.how)
		}
	}
}
