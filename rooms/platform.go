package rooms

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// PushSubscription is where a browser takes notifications, as it gives it to a page (W3C Push API §8.4); what else it
// says is not kept.
type PushSubscription struct {
	Endpoint string   `json:"endpoint"` // URL of the push service
	Keys     PushKeys `json:"keys"`
}

// PushKeys are what a notification is encrypted with (RFC 8291 §3), in base64url.
type PushKeys struct {
	P256dh string `json:"p256dh"` // the browser's public key: a point of P-256, uncompressed
	Auth   string `json:"auth"`   // 16 secret bytes
}

const (
	pushPrefix  = `{"endpoint":"`
	publicBytes = 65
	authBytes   = 16
	maxPush     = maxURL + 1000 // what is not kept included
	maxMatrixID = 255           // Matrix specification, appendix 4.2
	maxChat     = 19            // digits of 63 bits
)

// ParsePushSubscription accepts the JSON of a push subscription with an https endpoint. As an address it is the same JSON
// with the members that are kept, in one form.
func ParsePushSubscription(s string) (Address, error) {
	var p PushSubscription
	if len(s) > maxPush || json.Unmarshal([]byte(s), &p) != nil {
		return Address{}, fmt.Errorf(`%w: a push subscription is what a browser gives as JSON: {"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}`, ErrAddress)
	}
	if _, err := ParseURL(p.Endpoint); err != nil || !strings.HasPrefix(p.Endpoint, "https://") {
		return Address{}, fmt.Errorf("%w: the endpoint of a push subscription is an https URL", ErrAddress)
	}
	public, errPublic := pushKey(p.Keys.P256dh, publicBytes)
	auth, errAuth := pushKey(p.Keys.Auth, authBytes)
	if errPublic != nil || errAuth != nil {
		return Address{}, fmt.Errorf("%w: the keys p256dh and auth of a push subscription", ErrAddress)
	}
	p.Keys = PushKeys{public, auth}
	var form bytes.Buffer
	e := json.NewEncoder(&form)
	e.SetEscapeHTML(false) // so that the endpoint stands there as it is
	if e.Encode(p) != nil {
		return Address{}, fmt.Errorf("%w: a push subscription that cannot be written", ErrAddress)
	}
	return Address{hide(strings.TrimSpace(form.String()))}, nil
}

// pushKey accepts base64url with or without padding, and gives it without.
func pushKey(s string, size int) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil || len(b) != size || size == publicBytes && b[0] != 4 {
		return "", ErrAddress
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// PushSubscription reads what ParsePushSubscription wrote; ok is false of any other address.
func (a Address) PushSubscription() (p PushSubscription, ok bool) {
	ok = strings.HasPrefix(a.Reveal(), pushPrefix) && json.Unmarshal([]byte(a.Reveal()), &p) == nil
	return p, ok
}

// ParseMatrixID accepts a user (@local:server) or a room (!opaque:server, or !opaque since version 12 of rooms) of Matrix.
func ParseMatrixID(s string) (Address, error) {
	local, server, ok := strings.Cut(s, ":")
	if len(s) > maxMatrixID || len(local) < 2 || local[0] != '!' && (local[0] != '@' || !ok) {
		return Address{}, fmt.Errorf("%w: a Matrix id reads @person:server, or !room:server", ErrAddress)
	}
	if !all(s, func(c byte) bool { return '!' <= c && c <= '~' && !strings.ContainsRune(`?#\"<>&%`, rune(c)) }) {
		return Address{}, fmt.Errorf("%w: a character that no Matrix id may hold", ErrAddress)
	}
	if _, err := ParseURL("https://" + server); ok && (err != nil || strings.Contains(server, "/")) {
		return Address{}, fmt.Errorf("%w: the server of a Matrix id", ErrAddress)
	}
	return Address{hide(s)}, nil
}

// ParseTelegramChat accepts the number of a chat, which of groups is below zero.
func ParseTelegramChat(s string) (Address, error) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > maxChat || digits[0] == '0' || !all(digits, func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: a chat of Telegram is a whole number, such as 4711080815", ErrAddress)
	}
	return Address{hide(s)}, nil
}
