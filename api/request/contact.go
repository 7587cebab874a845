package request

import (
	"errors"
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ParseContact reads whom something is asked about: where he is reached, and what else is known of him. His number need not be
// possible, as those are that are added: it may have been kept before, or before the numbering plan of its country changed.
func ParseContact(body []byte) (rooms.Contact, error) {
	p := contactParser{reader: newReader(body), values: "attributes"}
	p.kept = true
	return p.parse()
}

func parsePerson(body []byte, values string) (rooms.Contact, error) {
	p := contactParser{reader: newReader(body), values: values}
	return p.parse()
}

func (p *contactParser) parse() (rooms.Contact, error) {
	if err := p.document(p.member); err != nil {
		return rooms.Contact{}, err
	}
	c := p.finish("")
	return c, p.verdict()
}

// recipientValues is the member with the values of a recipient, who may have keys too.
const recipientValues = "values"

type contactParser struct {
	*reader
	person
	values string // the name of the member with the values
}

func (p *contactParser) member(name string) error {
	if c, ok := channelOf(name); ok {
		a, err := p.address(c)
		p.reached(c, a)
		return err
	}
	switch name {
	case "name", "language":
		return p.judged(func(s string) (v1.FaultCode, error) { return p.set(name, s) })
	case "channels":
		return p.array(func() error { return p.judged(p.channel) })
	case p.values:
		return p.object(p.oneValue)
	case smimeCertificate, openpgpKey:
		if p.values == recipientValues {
			return p.key(name, time.Now(), false, &p.keys)
		}
	}
	return p.unknown()
}

func (p *contactParser) oneValue(name string) error {
	if _, err := rooms.ParseValueName(name); err != nil {
		if err := p.fault(v1.FaultCodeInvalidName, err.Error()); err != nil {
			return err
		}
		return p.skip()
	}
	return p.judged(func(s string) (v1.FaultCode, error) { return p.value(name, s) })
}

// judged reads a string and hands it to check, which says what is wrong with it.
func (p *contactParser) judged(check func(string) (v1.FaultCode, error)) error {
	s, ok, err := p.text()
	if !ok {
		return err
	}
	if code, err := check(s); err != nil {
		return p.fault(code, err.Error())
	}
	return nil
}

// finish gives the contact, of which the object stands at a pointer; what is missing is a fault.
func (p *contactParser) finish(at string) rooms.Contact {
	if len(p.faults) > 0 {
		return rooms.Contact{} // its address may be one of them
	}
	c, fault, ok := p.contact()
	if !ok {
		_ = p.faultAt(at+fault.Pointer, v1.FaultCode(fault.Code), fault.Detail)
	}
	return c
}

// recipients reads the people that a message names.
func (p *messageParser) recipients() error {
	before := len(p.faults)
	seen, count := People{}, 0
	err := p.array(func() error {
		if count == p.limits.MaxRecipients() {
			return errors.Join(errEnough, p.tooMany())
		}
		count++
		return p.recipient(seen)
	})
	if err == nil && count == 0 && len(p.faults) == before {
		return p.fault(v1.FaultCodeMissing, "at least one recipient; leave the member out to reach all subscribers")
	}
	return err
}

func (p *messageParser) tooMany() error {
	at := string(p.dec.StackPointer().Parent())
	return p.faultAt(at, v1.FaultCodeTooMany, fmt.Sprintf("at most %d recipients; more people make a room, or several messages", p.limits.MaxRecipients()))
}

// recipient reads the next one; what is wrong with it is a fault.
func (p *messageParser) recipient(seen People) error {
	before := len(p.faults)
	one := contactParser{reader: p.reader, values: recipientValues}
	if err := p.object(one.member); err != nil {
		return err
	}
	if len(p.faults) > before {
		return nil
	}
	c, fault, ok := one.contact()
	switch {
	case !ok:
		return p.faultAt(string(p.dec.StackPointer())+fault.Pointer, v1.FaultCode(fault.Code), fault.Detail)
	case seen.Again(c):
		return p.fault(v1.FaultCodeDuplicateRecipient, sameContact)
	}
	p.m.Recipients = append(p.m.Recipients, c)
	return nil
}
