package request

import (
	"cmp"
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

// MaxRecipients is how many recipients a message may name unless its limits say otherwise.
const MaxRecipients = 10_000

// Message is a publish request.
type Message struct {
	TransactionID string
	Reference     string
	Type          rooms.Type
	Lane          rooms.Lane
	Content       []byte // as received: a part of the body, not a copy
	Said          *templates.Content
	Recipients    []rooms.Contact
	Audience      rooms.Audience
	ExpiresAt     time.Time // zero if not given
	Callback      rooms.Address
	From          rooms.Sender // as named; zero if not
	schedule
}

// Limits bound when a message may be sent, when it may expire, and how many recipients it names.
type Limits struct {
	Now        time.Time
	MaxExpiry  time.Duration
	Horizon    time.Duration // how far ahead it may be sent; 0: as far as one likes
	Least      time.Duration // between two of a series
	Recipients int           // 0: MaxRecipients
}

// MaxRecipients is how many recipients there may be.
func (l Limits) MaxRecipients() int { return cmp.Or(l.Recipients, MaxRecipients) }

// ParseMessage reads a publish request.
func ParseMessage(body []byte, l Limits) (Message, error) {
	p := messageParser{reader: newReader(body), limits: l}
	p.plan.reader = p.reader
	p.m.Lane = rooms.Normal
	if err := p.document(p.member); err != nil {
		return Message{}, err
	}
	p.complete()
	p.plan.complete(l, p.m.ExpiresAt)
	if p.m.Audience != nil && p.m.Recipients != nil {
		_ = p.faultAt("/audience", v1.FaultCodeInvalidValue, "either the audience or the recipients")
	}
	if err := p.verdict(); err != nil {
		return Message{}, err
	}
	if err := p.sayable(); err != nil {
		return Message{}, err
	}
	p.m.schedule = p.plan.s
	return p.m, nil
}

type messageParser struct {
	*reader
	limits        Limits
	m             Message
	hasTx, hasTyp bool
	hasContent    bool
	plan          scheduleParser
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
	case "from":
		return p.from()
	case "audience":
		return p.audience(&p.m.Audience)
	}
	if known, err := p.plan.member(name); known {
		return err
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
	p.m.ExpiresAt, err = parseTime(s)
	return err
}

func (p *messageParser) callback(s string) (err error) {
	p.m.Callback, err = rooms.ParseURL(s)
	return err
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
