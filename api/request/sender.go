package request

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// maxSenders is how many senders of a channel a client may have.
const maxSenders = 100

// from reads whom a message is from: {"email":"…","sms":"…"}.
func (p *messageParser) from() error {
	before := len(p.faults)
	err := p.object(func(name string) error {
		switch name {
		case "email":
			return p.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
				p.m.From.Email, err = rooms.ParseEmail(s)
				return err
			})
		case "sms":
			return p.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
				p.m.From.SMS, err = rooms.ParseSenderID(s)
				return err
			})
		}
		return p.unknown()
	})
	if err == nil && len(p.faults) == before && p.m.From.Email.IsZero() && p.m.From.SMS == "" {
		return p.fault(v1.FaultCodeMissing, "email or sms is needed")
	}
	return err
}

// ParseRegistration reads in whose name a client sends; the client stands in the path.
func ParseRegistration(body []byte) (rooms.Registration, error) {
	p := registrationParser{reader: newReader(body)}
	if err := p.document(p.member); err != nil {
		return rooms.Registration{}, err
	}
	if !p.named {
		_ = p.faultAt("/organisation", v1.FaultCodeMissing, "this member is needed")
	}
	return p.r, p.verdict()
}

type registrationParser struct {
	*reader
	r     rooms.Registration
	named bool
}

func (p *registrationParser) member(name string) error {
	switch name {
	case "organisation":
		p.named = true
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) {
			p.r.Organisation, err = rooms.ParseOrganisation(s)
			return err
		})
	case "email":
		return p.senders(name, &p.r.Email, rooms.ParseSenderEmail)
	case "sms":
		return p.senders(name, &p.r.SMS, rooms.ParseSenderID)
	case "names":
		return p.several(name, &p.r.Names, v1.FaultCodeInvalidText, rooms.ParseOrganisation)
	case "registrationNumber":
		return p.checked(v1.FaultCodeInvalidText, func(s string) (err error) {
			p.r.Number, err = rooms.ParseOrganisation(s)
			return err
		})
	case "replies":
		return p.checked(v1.FaultCodeInvalidValue, p.replies)
	}
	return p.unknown()
}

// replies reads what a callback of the e-mail API is told of replies.
func (p *registrationParser) replies(s string) error {
	p.r.FullReplies = s == string(v1.RepliesToldFull)
	if !p.r.FullReplies && s != string(v1.RepliesToldIDs) {
		return errors.New("ids or full is expected")
	}
	return nil
}

func (p *registrationParser) senders(member string, to *[]string, parse func(string) (string, error)) error {
	return p.several(member, to, v1.FaultCodeInvalidAddress, parse)
}

func (p *registrationParser) several(member string, to *[]string, code v1.FaultCode, parse func(string) (string, error)) error {
	return p.array(func() error {
		if len(*to) == maxSenders {
			return errors.Join(errEnough, p.faultAt("/"+member, v1.FaultCodeTooMany, fmt.Sprintf("at most %d", maxSenders)))
		}
		return p.checked(code, func(s string) error {
			one, err := parse(s)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(*to, func(other string) bool { return strings.EqualFold(one, other) }) {
				return errors.New("the same as before")
			}
			*to = append(*to, one)
			return nil
		})
	})
}
