package request

import (
	"errors"
	"fmt"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ParseContact reads one person: {"email":…} or {"phone":…}, with or without a name.
func ParseContact(body []byte) (rooms.Contact, error) {
	p := contactParser{reader: newReader(body)}
	if err := p.document(p.member); err != nil {
		return rooms.Contact{}, err
	}
	if p.count != 1 {
		_ = p.faultAt("", v1.FaultCodeContactCount, contactCount)
	}
	return p.contact, p.verdict()
}

const contactCount = "exactly one of email and phone is needed"

type contactParser struct {
	*reader
	contact rooms.Contact
	count   int // of email and phone
}

func (p *contactParser) member(name string) error {
	switch name {
	case "email":
		return p.address(rooms.Email)
	case "phone":
		return p.address(rooms.SMS)
	case "name":
		return p.checked(v1.FaultCodeInvalidText, p.name)
	}
	return p.unknown()
}

func (p *contactParser) address(c rooms.Channel) error {
	p.count++
	return p.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
		p.contact.Channel = c
		p.contact.Address, err = rooms.ParseAddress(c, s)
		return err
	})
}

func (p *contactParser) name(s string) (err error) {
	p.contact.Name, err = rooms.ParsePersonName(s)
	return err
}

// recipients reads the people that a message names.
func (p *messageParser) recipients() error {
	before := len(p.faults)
	seen := map[string]bool{}
	err := p.array(func() error {
		if len(seen) == MaxRecipients {
			return errors.Join(errEnough, p.tooMany())
		}
		return p.recipient(seen)
	})
	if err == nil && len(seen) == 0 && len(p.faults) == before {
		return p.fault(v1.FaultCodeMissing, "at least one recipient; leave the member out to reach all subscribers")
	}
	return err
}

func (p *messageParser) tooMany() error {
	at := string(p.dec.StackPointer().Parent())
	return p.faultAt(at, v1.FaultCodeTooMany, fmt.Sprintf("at most %d recipients; more people make a room", MaxRecipients))
}

// recipient reads the next one; what is wrong with it is a fault, and it is counted all the same.
func (p *messageParser) recipient(seen map[string]bool) error {
	before := len(p.faults)
	one := contactParser{reader: p.reader}
	if err := p.object(one.member); err != nil {
		return err
	}
	if len(p.faults) > before {
		return nil
	}
	if one.count != 1 {
		return p.fault(v1.FaultCodeContactCount, contactCount)
	}
	key := string(one.contact.Channel) + ":" + one.contact.Address.Same()
	if seen[key] {
		return p.fault(v1.FaultCodeDuplicateRecipient, "the same contact as a recipient before")
	}
	seen[key] = true
	p.m.Recipients = append(p.m.Recipients, one.contact)
	return nil
}
