package main

import (
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
)

// A contact on a command line goes where its form says.
func TestReach(t *testing.T) {
	for text, want := range map[string]v1.Channel{
		"a@example.com": v1.Email, "+996555000111": v1.SMS, "0555 000-111": v1.SMS, "whatsapp:+996555000111": v1.WhatsAppChannel, "telegram:-4711": v1.TelegramChannel,
		"@ada:matrix.example.org": v1.MatrixChannel, "!opaque:example.org": v1.MatrixChannel, "{nonsense": v1.Email,
		`{"endpoint":"https://push.example.org/x","keys":{"p256dh":"B","auth":"A"}}`: v1.WebPushChannel,
	} {
		var c v1.Contact
		if got := at(text, reach{&c.Email, &c.Phone, &c.WhatsApp, &c.Telegram, &c.Matrix, &c.WebPush}); got != want {
			t.Errorf("%s: %s", text, got)
		}
		if set := c.Email + c.Phone + c.WhatsApp + c.Telegram + c.Matrix; (c.WebPush == nil) == (set == "") {
			t.Errorf("%s: nothing is set, or more than one", text)
		}
	}
}
