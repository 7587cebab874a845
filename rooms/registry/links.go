package registry

import (
	"encoding/base64"
	"errors"
	"slices"
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

// Leave is where a subscription is ended; the zero address if links lead nowhere. It says the contact that has named the
// subscriber, so that he is found whatever keys change, if c has it.
func (l *Links) Leave(room rooms.Room, id rooms.SubscriberID, c rooms.Contact) rooms.Address {
	parts := []string{string(room), string(id)}
	for _, e := range c.Endpoints() {
		if slices.Contains(idsOf(l.Vault, room, rooms.Contact{Channel: e.Channel, Address: e.Address}), id) {
			parts = append(parts, string(e.Channel), e.Address.Reveal())
			break
		}
	}
	at, err := rooms.ParseURL(l.to("leave", parts...))
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

// OpenLeave reads the last part of a link of Leave. Some links have no contact.
func (l *Links) OpenLeave(token string) (rooms.Room, rooms.SubscriberID, rooms.Endpoint, error) {
	parts, err := l.open("leave", token, 2, 4)
	if err != nil {
		return "", "", rooms.Endpoint{}, err
	}
	room, id := rooms.Room(parts[0]), rooms.SubscriberID(parts[1])
	if len(parts) == 2 {
		return room, id, rooms.Endpoint{}, nil
	}
	at := rooms.Endpoint{Channel: rooms.Channel(parts[2])}
	if at.Address, err = rooms.ParseAddress(at.Channel, parts[3]); err != nil {
		return "", "", rooms.Endpoint{}, ErrLink
	}
	return room, id, at, nil
}

// OpenConfirm reads the last part of a link of Confirm.
func (l *Links) OpenConfirm(token string) (rooms.Room, rooms.SubscriberID, string, error) {
	parts, err := l.open("confirm", token, 3)
	if err != nil {
		return "", "", "", err
	}
	return rooms.Room(parts[0]), rooms.SubscriberID(parts[1]), parts[2], nil
}

func (l *Links) open(what, token string, counts ...int) ([]string, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, ErrLink
	}
	plain, err := l.Vault.Unseal(sealed, "link", what)
	if err != nil {
		return nil, ErrLink
	}
	parts := strings.Split(string(plain), " ")
	if !slices.Contains(counts, len(parts)) {
		return nil, ErrLink
	}
	return parts, nil
}
