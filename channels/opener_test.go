package channels

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// glass is a vault through which everything is seen that was sealed to what it is opened with.
type glass struct{}

func (glass) seal(plain []byte, parts ...string) []byte {
	return append([]byte(strings.Join(parts, "|")+"\n"), plain...)
}

func (glass) Unseal(sealed []byte, parts ...string) ([]byte, error) {
	to, plain, _ := strings.Cut(string(sealed), "\n")
	if to != strings.Join(parts, "|") {
		return nil, errors.New("sealed to something else")
	}
	return []byte(plain), nil
}

// Whom a message is from is what was sealed with it, to all subscribers or to named recipients; of older ones nothing was.
func TestSenderReachesTheProvider(t *testing.T) {
	address, err := rooms.ParseEmail("noreply@health.example")
	if err != nil {
		t.Fatal(err)
	}
	from := rooms.Sender{Organisation: "Health", Email: address, SMS: "HEALTH"}
	content := []byte(`{"text":"x"}`)
	m := rooms.Message{Header: testMessage.Header, Payload: content}
	id := []string{string(m.Room), string(m.UMID)}
	plain, err := rooms.Envelope{Content: content, From: from}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	all, direct, old, bad := m, m, m, m
	all.Sealed = glass{}.seal(rooms.Slip{From: from.Form()}.Encode(), append([]string{"slip"}, id...)...)
	direct.Direct, direct.Payload = true, glass{}.seal(plain, append([]string{"envelope"}, id...)...)
	old.Sealed = glass{}.seal(rooms.Slip{TransactionID: "t"}.Encode(), append([]string{"slip"}, id...)...)
	bad.Sealed = glass{}.seal(rooms.Slip{From: from.Form()}.Encode(), "slip", "another-room", id[1])
	for name, tc := range map[string]struct {
		m    rooms.Message
		want rooms.Sender
		bad  bool
	}{"to all": {all, from, false}, "named": {direct, from, false}, "an older one": {old, rooms.Sender{}, false}, "no slip": {m, rooms.Sender{}, false}, "another's slip": {bad, rooms.Sender{}, true}} {
		o := newOpener(1<<20, glass{}, func(context.Context, uint64) (rooms.Message, error) { return tc.m, nil })
		j := rooms.Job{UMID: m.UMID, Room: m.Room, Channel: rooms.Email, Owner: "o", Attempt: 1}
		j.Contact = glass{}.seal(rooms.Contact{Channel: rooms.Email, Address: address}.Encode(), "contact", string(m.Room), "o")
		d, err := o.order(t.Context(), j)
		if (err != nil) != tc.bad {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := d.Sender.Form(), tc.want.Form(); (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: from %+v", name, got)
		}
	}
}
