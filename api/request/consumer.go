package request

import (
	"errors"
	"fmt"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	defaultAckWait = 30 * time.Second
	maxAckWait     = 600 // seconds
	maxDeliver     = 1_000_000
)

// ParseConsumer reads a consumer to be created. Its owner and its room stand elsewhere.
func ParseConsumer(body []byte) (rooms.ConsumerConfig, error) {
	p := consumerParser{reader: newReader(body)}
	p.c.AckWait = defaultAckWait
	if err := p.document(p.member); err != nil {
		return rooms.ConsumerConfig{}, err
	}
	if !p.named {
		_ = p.faultAt("/name", v1.FaultCodeMissing, "this member is needed")
	}
	return p.c, p.verdict()
}

type consumerParser struct {
	*reader
	c     rooms.ConsumerConfig
	named bool
}

func (p *consumerParser) member(name string) error {
	switch name {
	case "name":
		p.named = true
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.c.ID.Name, err = rooms.ParseConsumerName(s)
			return err
		})
	case "lane":
		return p.checked(v1.FaultCodeInvalidName, p.lane)
	case "type":
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.c.Type, err = rooms.ParseType(s)
			return err
		})
	case "start":
		start := startParser{reader: p.reader, to: &p.c.Start}
		return start.object()
	case "ackWait":
		return p.seconds(&p.c.AckWait, 1, maxAckWait)
	case "maxDeliver":
		n, err := p.number(1, maxDeliver)
		p.c.MaxDeliver = int(n)
		return err
	}
	return p.unknown()
}

func (p *consumerParser) lane(s string) (err error) {
	if s == "" {
		return fmt.Errorf("%w: a lane is one of %v", rooms.ErrName, rooms.Lanes())
	}
	p.c.Lane, err = rooms.ParseLane(s)
	return err
}

// ParseStart reads where a consumer is to begin.
func ParseStart(body []byte) (s rooms.Start, err error) {
	p := startParser{reader: newReader(body), to: &s}
	if err := p.document(p.member); err != nil {
		return s, err
	}
	if p.count != 1 {
		_ = p.faultAt("", v1.FaultCodeMissing, startCount)
	}
	return s, p.verdict()
}

const startCount = "exactly one of from, sequence and time is needed"

type startParser struct {
	*reader
	to    *rooms.Start
	count int
}

// object reads a start that is part of something else.
func (p *startParser) object() error {
	before := len(p.faults)
	if err := p.reader.object(p.member); err != nil || len(p.faults) > before || p.count == 1 {
		return err
	}
	return p.fault(v1.FaultCodeMissing, startCount)
}

func (p *startParser) member(name string) error {
	p.count++
	switch name {
	case "from":
		return p.checked(v1.FaultCodeInvalidValue, p.from)
	case "sequence":
		n, err := p.number(1, 1<<62)
		p.to.Sequence = n
		return err
	case "time":
		return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			p.to.Time, err = parseTime(s)
			return err
		})
	}
	return p.unknown()
}

func (p *startParser) from(s string) error {
	p.to.New = s == v1.FromNew
	if s != v1.FromAll && s != v1.FromNew {
		return errors.New("all or new")
	}
	return nil
}
