package request

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxPicked   = 1000
	maxReasons  = 40
	maxChannels = 10
)

// ParseFailedSelection reads which of a message's deliveries are meant; an absent body means all.
func ParseFailedSelection(body []byte) (f rooms.FailedFilter, err error) {
	if len(body) == 0 {
		return f, nil
	}
	p := failedParser{reader: newReader(body), f: &f}
	if err := p.document(func(name string) error {
		if name == "deliveries" {
			return p.deliveries()
		}
		return p.common(name)
	}); err != nil {
		return f, err
	}
	return f, p.verdict()
}

// ParseFailedSweep reads which of a room's deliveries are meant, and where an earlier call has ended.
func ParseFailedSweep(body []byte) (f rooms.FailedFilter, cursor rooms.UMID, err error) {
	p := failedParser{reader: newReader(body), f: &f}
	err = p.document(func(name string) error {
		switch name {
		case "umid":
			return p.umid(&f.UMID)
		case "cursor":
			return p.umid(&cursor)
		case "type":
			return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
				f.Type, err = rooms.ParseType(s)
				return err
			})
		case "since":
			return p.moment(&f.Since)
		case "until":
			return p.moment(&f.Until)
		}
		return p.common(name)
	})
	if err != nil {
		return f, cursor, err
	}
	return f, cursor, p.verdict()
}

type failedParser struct {
	*reader
	f *rooms.FailedFilter
}

func (p *failedParser) common(name string) error {
	switch name {
	case "reasons":
		p.f.Reasons = nil
		return p.words(maxReasons, func(s string) error {
			r, err := ParseReason(s)
			p.f.Reasons = append(p.f.Reasons, r)
			return err
		})
	case "channels":
		p.f.Channels = nil
		return p.words(maxChannels, func(s string) error {
			c, err := rooms.ParseChannel(s)
			p.f.Channels = append(p.f.Channels, c)
			return err
		})
	}
	return p.unknown()
}

func (p *failedParser) words(most int, take func(string) error) error {
	n := 0
	return p.array(func() error {
		if n++; n > most {
			return errors.Join(errEnough, p.fault(v1.FaultCodeTooMany, fmt.Sprintf("at most %d", most)))
		}
		return p.checked(v1.FaultCodeInvalidValue, take)
	})
}

func (p *failedParser) deliveries() error {
	p.f.Deliveries = nil
	return p.array(func() error {
		if len(p.f.Deliveries) == maxPicked {
			return errors.Join(errEnough, p.fault(v1.FaultCodeTooMany, fmt.Sprintf("at most %d", maxPicked)))
		}
		n, err := p.number(0, math.MaxInt32)
		p.f.Deliveries = append(p.f.Deliveries, int(n))
		return err
	})
}

func (p *failedParser) umid(into *rooms.UMID) error {
	return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
		*into, err = rooms.ParseUMID(s)
		return err
	})
}

func (p *failedParser) moment(into *time.Time) error {
	return p.checked(v1.FaultCodeInvalidValue, func(s string) (err error) {
		*into, err = parseTime(s)
		return err
	})
}

// ParseReason accepts the name of a reason for which deliveries fail.
func ParseReason(s string) (rooms.Reason, error) {
	if r := rooms.Reason(s); r != rooms.NoReason && slices.Contains(rooms.Reasons(), r) {
		return r, nil
	}
	return rooms.NoReason, errors.New("a reason for which deliveries fail")
}
