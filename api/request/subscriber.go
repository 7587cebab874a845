package request

import (
	"errors"
	"slices"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// Subscriber is a person who is to subscribe.
type Subscriber struct {
	rooms.Subscription
	Confirm bool // the person is asked first
}

// ParseSubscriber reads a person that an admin adds: {"email":…,"phone":…,"channels":["sms","email"],"consent":{…}}.
func ParseSubscriber(body []byte, now time.Time) (Subscriber, error) {
	return parseSubscriber(body, now, true)
}

// ParseSubscriptionRequest reads a person who wants to subscribe, with the one contact that he can prove is his.
func ParseSubscriptionRequest(body []byte, now time.Time) (rooms.Subscription, error) {
	s, err := parseSubscriber(body, now, false)
	return s.Subscription, err
}

func parseSubscriber(body []byte, now time.Time, byAdmin bool) (Subscriber, error) {
	p := subscriberParser{reader: newReader(body), now: now, adding: byAdmin, keys: byAdmin}
	if err := p.document(p.member); err != nil {
		return Subscriber{}, err
	}
	if len(p.at) == 0 {
		_ = p.faultAt("", v1.FaultCodeContactCount, contactCount())
	}
	if !byAdmin && len(p.at) > 1 {
		_ = p.faultAt("", v1.FaultCodeContactCount, "one contact only: a person confirms one")
	}
	contact := &p.s.Contact
	channels := p.order
	if !p.ordered {
		channels = order(p.at)
	}
	if len(p.faults) == 0 && !p.sameChannels(channels) {
		_ = p.faultAt("/channels", v1.FaultCodeInvalidValue, "the channels of the contacts that are given, each once")
	}
	for i, c := range channels {
		if i == 0 {
			contact.Channel, contact.Address = c, p.at[c]
			continue
		}
		contact.Others = append(contact.Others, rooms.Endpoint{Channel: c, Address: p.at[c]})
	}
	if member, found := keyless(*contact); found && len(p.faults) == 0 {
		_ = p.faultAt("/"+member, v1.FaultCodeInvalidKey, errNoMail.Error())
	}
	return p.s, p.verdict()
}

// parseRow reads one of many subscribers.
func parseRow(line []byte, now time.Time) (rooms.Contact, rooms.Consent, error) {
	s, err := parseSubscriber(line, now, true)
	switch {
	case err != nil:
	case s.Confirm:
		err = notOfRows("/confirm", "people are invited one by one")
	case s.Again:
		err = notOfRows("/again", "people who have left are taken back one by one, or with a consent of later")
	}
	return s.Contact, s.Consent, err
}

func notOfRows(pointer, why string) error {
	return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{Pointer: pointer, Code: string(v1.FaultCodeNotSupported), Detail: why})
}

type subscriberParser struct {
	*reader
	now     time.Time
	adding  bool // an admin does: confirm and again may be asked for
	keys    bool // may be given
	change  bool // of a subscriber who is there
	s       Subscriber
	at      map[rooms.Channel]rooms.Address
	order   []rooms.Channel
	ordered bool
	changed map[string]bool // members that were there
}

func (p *subscriberParser) member(name string) error {
	if p.changed == nil {
		p.changed, p.at = map[string]bool{}, map[rooms.Channel]rooms.Address{}
	}
	p.changed[name] = true
	if c, ok := channelOf(name); ok {
		a, err := p.address(c)
		p.at[c] = a
		return err
	}
	switch name {
	case "channels":
		return p.channels()
	case "name":
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) {
			p.s.Contact.Name, err = rooms.ParsePersonName(s)
			return err
		})
	case "language":
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.s.Contact.Language, err = rooms.ParseLanguage(s)
			return err
		})
	case "attributes":
		return p.attributes()
	case "consent":
		return p.object(p.consent)
	}
	if (name == smimeCertificate || name == openpgpKey) && p.keys {
		return p.key(name, p.now, p.change, &p.s.Contact)
	}
	if name == "confirm" && p.adding {
		return p.flag(&p.s.Confirm)
	}
	if name == "again" && p.adding {
		return p.flag(&p.s.Again)
	}
	return p.unknown()
}

// channels reads in which order a person wants to be reached.
func (p *subscriberParser) channels() error {
	p.ordered = true
	return p.array(func() error {
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			c, err := channel(s)
			if err == nil && slices.Contains(p.order, c) {
				err = errTwice
			}
			p.order = append(p.order, c)
			return err
		})
	})
}

func (p *subscriberParser) sameChannels(order []rooms.Channel) bool {
	for _, c := range order {
		if _, ok := p.at[c]; !ok {
			return false
		}
	}
	return len(order) == len(p.at)
}

func (p *subscriberParser) attributes() error {
	values := map[string]rooms.Body{}
	err := p.object(func(name string) error {
		if _, err := rooms.ParseValueName(name); err != nil || name == "language" {
			return errors.Join(p.fault(v1.FaultCodeInvalidName, "a name of a-z, 0-9 and _, a letter first; language has a member of its own"), p.skip())
		}
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) {
			values[name], err = rooms.ParseValue(s)
			return err
		})
	})
	if err != nil {
		return err
	}
	if err := rooms.CheckAttributes(values); err != nil {
		return p.fault(v1.FaultCodeTooMany, err.Error())
	}
	if len(values) > 0 {
		p.s.Contact.Values = values
	}
	return nil
}

func (p *subscriberParser) consent(name string) error {
	c := &p.s.Consent
	switch name {
	case "purpose":
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) { c.Purpose, err = rooms.ParsePurpose(s); return err })
	case "source":
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) { c.Source, err = rooms.ParsePurpose(s); return err })
	case "at":
		return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			if c.At, err = parseTime(s); err != nil {
				return err
			}
			return notAhead(c.At, p.now)
		})
	}
	return p.unknown()
}
