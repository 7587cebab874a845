package request

import (
	"fmt"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// MaxRecipients is how many recipients a message may name.
const MaxRecipients = 10_000

// Message is a publish request.
type Message struct {
	TransactionID string
	Reference     string
	Type          rooms.Type
	Lane          rooms.Lane
	Content       []byte // as received: a part of the body, not a copy
	Recipients    []rooms.Contact
	Audience      rooms.Audience
	ExpiresAt     time.Time // zero if not given
	Callback      rooms.Address
}

// Limits bound when a message may expire.
type Limits struct {
	Now       time.Time
	MaxExpiry time.Duration
}

// ParseMessage reads a publish request. What is known but not supported yet is refused only if nothing else is wrong.
func ParseMessage(body []byte, l Limits) (Message, error) {
	p := messageParser{reader: newReader(body), limits: l}
	p.m.Lane = rooms.Normal
	if err := p.document(p.member); err != nil {
		return Message{}, err
	}
	p.complete()
	if p.m.Audience != nil && p.m.Recipients != nil {
		_ = p.faultAt("/audience", v1.FaultCodeInvalidValue, "either the audience or the recipients")
	}
	if err := p.verdict(); err != nil {
		return Message{}, err
	}
	if len(p.unsupported) > 0 {
		return Message{}, problem.Faults(v1.ProblemCodeNotSupported, p.unsupported...)
	}
	return p.m, nil
}

type messageParser struct {
	*reader
	limits        Limits
	m             Message
	hasTx, hasTyp bool
	hasContent    bool
	unsupported   []rooms.Fault
}

func (p *messageParser) member(name string) error {
	switch name {
	case "transactionId":
		p.hasTx = true
		return p.checked(v1.FaultCodeInvalidText, p.transactionID)
	case "type":
		p.hasTyp = true
		return p.checked(v1.FaultCodeInvalidName, p.messageType)
	case "lane":
		return p.checked(v1.FaultCodeInvalidName, p.lane)
	case "content":
		p.hasContent = true
		return p.content()
	case "recipients":
		return p.recipients()
	case "expiresAt":
		return p.checked(v1.FaultCodeInvalidTime, p.expiresAt)
	case "reference":
		return p.checked(v1.FaultCodeInvalidText, p.reference)
	case "callback":
		return p.checked(v1.FaultCodeInvalidAddress, p.callback)
	case "audience":
		return p.audience(&p.m.Audience)
	case "sendAt":
		return p.notYet(name)
	}
	return p.unknown()
}

func (p *messageParser) transactionID(s string) error {
	p.m.TransactionID = s
	return checkPrintable(s, 1, 128)
}

func (p *messageParser) reference(s string) error {
	p.m.Reference = s
	return checkLine(s, 200)
}

func (p *messageParser) messageType(s string) (err error) {
	p.m.Type, err = rooms.ParseType(s)
	return err
}

func (p *messageParser) lane(s string) (err error) {
	if s == "" {
		return fmt.Errorf("%w: a lane is one of %v", rooms.ErrName, rooms.Lanes())
	}
	p.m.Lane, err = rooms.ParseLane(s)
	return err
}

func (p *messageParser) expiresAt(s string) (err error) {
	p.m.ExpiresAt, err = parseFuture(s, p.limits)
	return err
}

func (p *messageParser) callback(s string) (err error) {
	p.m.Callback, err = rooms.ParseURL(s)
	return err
}

func (p *messageParser) notYet(name string) error {
	p.unsupported = append(p.unsupported,
		rooms.Fault{Pointer: "/" + name, Code: string(v1.FaultCodeNotSupported), Detail: "not yet supported"})
	return p.skip()
}

// complete notes what is missing.
func (p *messageParser) complete() {
	for _, needed := range []struct {
		pointer string
		there   bool
	}{{"/transactionId", p.hasTx}, {"/type", p.hasTyp}, {"/content", p.hasContent}} {
		if !needed.there {
			_ = p.add(rooms.Fault{Pointer: needed.pointer, Code: string(v1.FaultCodeMissing), Detail: "this member is needed"})
		}
	}
}
