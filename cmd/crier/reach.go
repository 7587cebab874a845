package main

import (
	"strings"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// reach is where the members stand that hold the contacts of a person.
type reach struct {
	email, phone, whatsapp, telegram, matrix *string
	webpush                                  **v1.PushSubscription
}

// reachHelp teaches what [at] takes.
const reachHelp = `an e-mail address, +number, whatsapp:+number, telegram:CHAT, @user:server or !room:server of Matrix, or the JSON of a browser's push subscription`

// at puts a contact where it belongs by its form, and gives the channel; what is of no other is taken for e-mail.
func at(contact string, r reach) v1.Channel {
	channel, rest, named := strings.Cut(contact, ":")
	switch {
	case strings.HasPrefix(contact, "+") || contact != "" && strings.Trim(contact, "0123456789 -") == "":
		*r.phone = contact
		return v1.SMS
	case named && channel == string(v1.WhatsAppChannel):
		*r.whatsapp = rest
		return v1.WhatsAppChannel
	case named && channel == string(v1.TelegramChannel):
		*r.telegram = rest
		return v1.TelegramChannel
	case strings.HasPrefix(contact, "@") || strings.HasPrefix(contact, "!"):
		*r.matrix = contact
		return v1.MatrixChannel
	case strings.HasPrefix(contact, "{"):
		*r.webpush = new(v1.PushSubscription)
		if json.Unmarshal([]byte(contact), *r.webpush) == nil {
			return v1.WebPushChannel
		}
		*r.webpush = nil
	}
	*r.email = contact
	return v1.Email
}
