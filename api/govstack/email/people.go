package email

import (
	"fmt"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// person is whom one e-mail is for, as it is read.
type person struct {
	*reader
	to, cc, bcc []rooms.Address
	name        rooms.Body
	wrong       bool
}

func (p *parser) person() *person { return &person{reader: &p.reader} }

// named says whether anything was said of him.
func (p *person) named() bool { return len(p.to)+len(p.cc)+len(p.bcc) > 0 || !p.name.IsZero() }

func (p *person) members() members {
	return members{
		"email": p.addresses(&p.to), "emailCC": p.addresses(&p.cc), "emailBCC": p.addresses(&p.bcc),
		"name": p.text(v1.FaultCodeInvalidText, func(s string) (err error) {
			p.name, err = rooms.ParsePersonName(s)
			p.wrong = p.wrong || err != nil
			return err
		}),
	}
}

// addresses reads one, several with commas between them, or an array of them.
func (p *person) addresses(to *[]rooms.Address) func() error {
	several := p.text(v1.FaultCodeInvalidAddress, func(s string) error {
		for one := range strings.SplitSeq(s, ",") {
			if one = strings.Trim(one, " "); one == "" && len(s) == 0 {
				continue
			}
			a, err := rooms.ParseEmail(one)
			if err == nil && len(*to) > rooms.MaxCopies {
				err = fmt.Errorf("%w: at most %d recipients of an e-mail", rooms.ErrAddress, rooms.MaxCopies+1)
			}
			if err != nil {
				p.wrong = true
				return err
			}
			*to = append(*to, a)
		}
		return nil
	})
	return func() error {
		before := len(p.faults)
		defer func() { p.wrong = p.wrong || len(p.faults) > before }()
		if p.dec.PeekKind() == '[' {
			return p.array(several)
		}
		return several()
	}
}

// contact makes one recipient of it: the first address is whom it is to, further ones are copies. Nobody gets it twice.
func (p *person) contact() rooms.Contact {
	c := rooms.Contact{Channel: rooms.Email, Address: p.to[0], Name: p.name}
	seen := map[string]bool{p.to[0].Same(): true}
	copies := func(all []rooms.Address, blind bool) {
		for _, a := range all {
			if !seen[a.Same()] {
				c.Copies = append(c.Copies, rooms.Copy{Address: a, Blind: blind})
			}
			seen[a.Same()] = true
		}
	}
	copies(p.to[1:], false)
	copies(p.cc, false)
	copies(p.bcc, true)
	return c
}

// add makes a person a recipient of the mail, unless something is wrong with him. Two of a batch may share a mailbox.
func (p *parser) add(one *person, at string) {
	if one.wrong || !p.hasTo {
		return
	}
	if len(one.to) == 0 {
		_ = p.faultAt(at+"/email", v1.FaultCodeMissing, "this member is needed")
		return
	}
	c := one.contact()
	if len(c.Copies) > rooms.MaxCopies {
		_ = p.faultAt(at, v1.FaultCodeTooMany, fmt.Sprintf("at most %d recipients of an e-mail", rooms.MaxCopies+1))
		return
	}
	p.m.Recipients = append(p.m.Recipients, c)
}
