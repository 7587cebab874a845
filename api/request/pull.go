package request

import (
	"errors"
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	defaultPull = 10
	maxPull     = 100
	maxPullWait = 30   // seconds
	maxDelay    = 3600 // seconds
	maxAcks     = 1000
	maxToken    = 128 // bytes
)

// Pull asks for messages.
type Pull struct {
	Max  int
	Wait time.Duration
}

// ParsePull reads how many messages are wanted, and how long to wait for the first.
func ParsePull(body []byte) (Pull, error) {
	p := Pull{Max: defaultPull}
	r := newReader(body)
	err := r.document(func(name string) error {
		switch name {
		case "max":
			n, err := r.number(1, maxPull)
			p.Max = int(n)
			return err
		case "wait":
			return r.seconds(&p.Wait, 0, maxPullWait)
		}
		return r.unknown()
	})
	if err != nil {
		return p, err
	}
	return p, r.verdict()
}

// Ack is what has become of a message.
type Ack struct {
	Token   string
	Verdict stream.Verdict
	Delay   time.Duration
	Pointer string // where the token stands
}

// ParseAcks reads what has become of messages.
func ParseAcks(body []byte) ([]Ack, error) {
	p := ackParser{reader: newReader(body)}
	if err := p.document(p.member); err != nil {
		return nil, err
	}
	return p.acks, p.verdict()
}

type ackParser struct {
	*reader
	acks []Ack
}

func (p *ackParser) member(name string) error {
	switch name {
	case "acks":
		return p.list(func() error { return p.ack(Ack{Verdict: stream.Acked}) })
	case "naks":
		return p.list(p.nak)
	case "working":
		return p.list(func() error { return p.ack(Ack{Verdict: stream.InProgress}) })
	}
	return p.unknown()
}

func (p *ackParser) list(element func() error) error {
	return p.array(func() error {
		if len(p.acks) == maxAcks {
			at := string(p.dec.StackPointer().Parent())
			return errors.Join(errEnough, p.faultAt(at, v1.FaultCodeTooMany, fmt.Sprintf("at most %d tokens in all", maxAcks)))
		}
		return element()
	})
}

// ack reads a token.
func (p *ackParser) ack(a Ack) error {
	return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
		a.Token, a.Pointer = s, string(p.dec.StackPointer())
		p.acks = append(p.acks, a)
		return checkToken(s)
	})
}

func (p *ackParser) nak() error {
	before, a := len(p.faults), Ack{Verdict: stream.Refused}
	err := p.object(func(name string) error {
		switch name {
		case "ack":
			return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
				a.Token, a.Pointer = s, string(p.dec.StackPointer())
				return checkToken(s)
			})
		case "delay":
			return p.seconds(&a.Delay, 0, maxDelay)
		}
		return p.unknown()
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	if a.Token == "" {
		return p.fault(v1.FaultCodeMissing, "ack is needed")
	}
	p.acks = append(p.acks, a)
	return nil
}

func checkToken(s string) error {
	if s == "" || len(s) > maxToken {
		return errors.New("not a token")
	}
	return nil
}
