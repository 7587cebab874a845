package request

import (
	"errors"
	"slices"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// person is what is said of somebody, in JSON or in a row of a table.
type person struct {
	at       map[rooms.Channel]rooms.Address
	name     rooms.Body
	language string
	values   map[string]rooms.Body
	channels []rooms.Channel // in his order; nil: not said
	keys     rooms.Contact   // with nothing else in it
}

// set takes one of the members that are a text; the code says what is wrong with it.
func (p *person) set(member, text string) (code v1.FaultCode, err error) {
	if c, ok := channelOf(member); ok {
		a, err := address(c, text)
		p.reached(c, a)
		return v1.FaultCodeInvalidAddress, err
	}
	if member == "name" {
		p.name, err = rooms.ParsePersonName(text)
		return v1.FaultCodeInvalidText, err
	}
	p.language, err = rooms.ParseLanguage(text)
	return v1.FaultCodeInvalidName, err
}

func (p *person) reached(c rooms.Channel, a rooms.Address) {
	if p.at == nil {
		p.at = map[rooms.Channel]rooms.Address{}
	}
	p.at[c] = a
}

// value takes one of the values.
func (p *person) value(name, text string) (code v1.FaultCode, err error) {
	v, err := rooms.ParseValue(text)
	if err != nil {
		return v1.FaultCodeInvalidText, err
	}
	if p.values == nil {
		p.values = map[string]rooms.Body{}
	}
	p.values[name] = v
	return v1.FaultCodeTooMany, rooms.CheckValues(len(p.values))
}

// channel takes the next of his channels.
func (p *person) channel(name string) (code v1.FaultCode, err error) {
	c, err := channel(name)
	if err != nil {
		return v1.FaultCodeInvalidValue, err
	}
	if slices.Contains(p.channels, c) {
		return v1.FaultCodeDuplicateEntry, errTwice
	}
	p.channels = append(p.channels, c)
	return "", nil
}

var errTwice = errors.New("this channel stands here twice")

// contact is how to reach him: first on the first of his channels, by e-mail where he has not said.
func (p *person) contact() (c rooms.Contact, fault rooms.Fault, ok bool) {
	for _, ch := range p.order() {
		at := p.at[ch]
		switch {
		case at.IsZero() && p.channels != nil:
			return c, rooms.Fault{Pointer: "/channels", Code: string(v1.FaultCodeInvalidValue), Detail: "a channel for which there is no address"}, false
		case at.IsZero():
		case c.Address.IsZero():
			c.Channel, c.Address = ch, at
		default:
			c.Others = append(c.Others, rooms.Endpoint{Channel: ch, Address: at})
		}
	}
	if c.Address.IsZero() {
		return c, rooms.Fault{Code: string(v1.FaultCodeContactCount), Detail: contactCount()}, false
	}
	c.Name, c.Language, c.Values, c.Keys = p.name, p.language, p.values, p.keys.Keys
	if member, found := keyless(c); found {
		return c, rooms.Fault{Pointer: "/" + member, Code: string(v1.FaultCodeInvalidKey), Detail: errNoMail.Error()}, false
	}
	return c, fault, true
}

func (p *person) order() []rooms.Channel {
	if len(p.channels) == 0 {
		return rooms.Personal()
	}
	return p.channels
}

// People remembers whom it has seen.
type People map[string]bool

// Again says whether somebody is reached first at the same address as one before.
func (p People) Again(c rooms.Contact) bool {
	key := string(c.Channel) + ":" + c.Address.Same()
	known := p[key]
	p[key] = true
	return known
}

const sameContact = "the same contact as a recipient before"
