package registry

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/govcrier/crier/rooms"
)

// ErrLink says that a link is not one of ours, or was made with a key that is no longer enabled.
var ErrLink = errors.New("link not good")

// Links are URLs by which a person ends or confirms a subscription: whoever has one is taken for him. What they say is
// sealed, so that a link tells neither room nor person. Until Serve there are none.
type Links struct {
	Vault Vault
	base  atomic.Pointer[string]
}

// Serve says where the links lead, such as https://messages.example.org.
func (l *Links) Serve(base string) { l.base.Store(&base) }

// Leave is where a subscription is ended; the zero address if links lead nowhere.
func (l *Links) Leave(room rooms.Room, id rooms.SubscriberID) rooms.Address {
	at, err := rooms.ParseURL(l.to("leave", string(room), string(id)))
	if err != nil {
		return rooms.Address{}
	}
	return at
}

// Confirm is where a subscription is confirmed; empty if links lead nowhere.
func (l *Links) Confirm(room rooms.Room, id rooms.SubscriberID, code string) string {
	return l.to("confirm", string(room), string(id), code)
}

func (l *Links) to(what string, parts ...string) string {
	base := l.base.Load()
	if base == nil || *base == "" {
		return ""
	}
	sealed, err := l.Vault.Seal([]byte(strings.Join(parts, " ")), "link", what)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(*base, "/") + "/" + what + "/" + base64.RawURLEncoding.EncodeToString(sealed)
}

// OpenLeave reads the last part of a link of Leave.
func (l *Links) OpenLeave(token string) (rooms.Room, rooms.SubscriberID, error) {
	parts, err := l.open("leave", token, 2)
	if err != nil {
		return "", "", err
	}
	return rooms.Room(parts[0]), rooms.SubscriberID(parts[1]), nil
}

// OpenConfirm reads the last part of a link of Confirm.
func (l *Links) OpenConfirm(token string) (rooms.Room, rooms.SubscriberID, string, error) {
	parts, err := l.open("confirm", token, 3)
	if err != nil {
		return "", "", "", err
	}
	return rooms.Room(parts[0]), rooms.SubscriberID(parts[1]), parts[2], nil
}

func (l *Links) open(what, token string, count int) ([]string, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrLink
	}
	plain, err := l.Vault.Unseal(sealed, "link", what)
	if err != nil {
		return nil, ErrLink
	}
	parts := strings.Split(string(plain), " ")
	if len(parts) != count {
		return nil, ErrLink
	}
	return parts, nil
}
