package request

import (
	"errors"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// SubscriberChange is what is to become of a subscriber; what is nil stays.
type SubscriberChange struct {
	person subscriberParser
}

// ParseSubscriberChange reads the members that are to be other than they are. Attributes replace all that there were.
func ParseSubscriberChange(body []byte, now time.Time) (SubscriberChange, error) {
	p := subscriberParser{reader: newReader(body), now: now, keys: true, change: true}
	if err := p.document(p.member); err != nil {
		return SubscriberChange{}, err
	}
	return SubscriberChange{p}, p.verdict()
}

// ErrFirstContact says that a change would give a subscriber another first contact.
var ErrFirstContact = errors.New("the first contact names the subscriber; it cannot be changed: add the person anew")

// ErrChannels says that the order wanted is not one of the channels there are.
var ErrChannels = errors.New("the channels of the contacts that are there, each once, and the first one first")

// Apply changes a person.
func (c SubscriberChange) Apply(s *rooms.Subscription) error {
	given, p := c.person.changed, c.person.s
	if given["name"] {
		s.Contact.Name = p.Contact.Name
	}
	if given["language"] {
		s.Contact.Language = p.Contact.Language
	}
	if given["attributes"] {
		s.Contact.Values = p.Contact.Values
	}
	for member, kind := range map[string]rooms.KeyKind{smimeCertificate: rooms.SMIME, openpgpKey: rooms.OpenPGP} {
		if given[member] {
			s.Contact.SetKey(rooms.EncryptionKey{Kind: kind, Text: p.Contact.Key(kind)})
		}
	}
	if given["consent"] {
		s.Consent = p.Consent
	}
	return c.endpoints(&s.Contact)
}

// endpoints puts in other contacts, and in another order.
func (c SubscriberChange) endpoints(to *rooms.Contact) error {
	at := map[rooms.Channel]rooms.Address{}
	order := []rooms.Channel{}
	for _, e := range to.Endpoints() {
		at[e.Channel] = e.Address
		order = append(order, e.Channel)
	}
	for _, channel := range rooms.Personal() {
		address, ok := c.person.at[channel]
		if !ok {
			continue
		}
		if channel == to.Channel && address.Same() != to.Address.Same() {
			return ErrFirstContact
		}
		if _, known := at[channel]; !known {
			order = append(order, channel)
		}
		at[channel] = address
	}
	if c.person.ordered {
		order = c.person.order
	}
	if len(order) == 0 || order[0] != to.Channel {
		return ErrChannels
	}
	var others []rooms.Endpoint
	for _, channel := range order[1:] {
		if _, ok := at[channel]; !ok {
			return ErrChannels
		}
		others = append(others, rooms.Endpoint{Channel: channel, Address: at[channel]})
	}
	to.Others = others
	return nil
}

// ParsePause reads until when a subscriber gets nothing: {"until":…}; zero, for {}, until he is resumed.
func ParsePause(body []byte, now time.Time) (until time.Time, err error) {
	r := newReader(body)
	err = r.document(func(name string) error {
		if name != "until" {
			return r.unknown()
		}
		return r.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			if until, err = parseTime(s); err == nil && !until.After(now) {
				return errors.New("a time in the future")
			}
			return err
		})
	})
	if err != nil {
		return until, err
	}
	return until, r.verdict()
}

const maxCode = 32

// ParseCode reads the code of an invitation: {"code":"7KQM-3XVB"}.
func ParseCode(body []byte) (code string, err error) {
	r := newReader(body)
	err = r.document(func(name string) error {
		if name != "code" {
			return r.unknown()
		}
		return r.checked(v1.FaultCodeInvalidText, func(s string) error {
			code = s
			return checkPrintable(s, 1, maxCode)
		})
	})
	if err != nil {
		return "", err
	}
	if code == "" && len(r.faults) == 0 {
		_ = r.faultAt("/code", v1.FaultCodeMissing, "this member is needed")
	}
	return code, r.verdict()
}
