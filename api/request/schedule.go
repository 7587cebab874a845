package request

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/release/recur"
)

// maxTimes is how often a message is repeated that says how often.
const maxTimes = 10_000

// schedule is when a message is sent, and what becomes of an earlier one.
type schedule struct {
	SendAt     time.Time    // zero: at once; of a series, its first time
	Repeat     rooms.Repeat // zero: once
	Alert      rooms.Alert
	References rooms.UMID
	Exercise   bool
}

// scheduleParser reads that.
type scheduleParser struct {
	*reader
	s        schedule
	times    int
	hasCron  bool
	hasZone  bool
	repeated bool
}

// member reads one member; false if it is none of a schedule.
func (p *scheduleParser) member(name string) (bool, error) {
	switch name {
	case "sendAt":
		return true, p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			p.s.SendAt, err = parseTime(s)
			return err
		})
	case "repeat":
		p.repeated = true
		return true, p.object(p.repeat)
	case "alert":
		return true, p.checked(v1.FaultCodeInvalidValue, func(s string) (err error) {
			p.s.Alert, err = rooms.ParseAlert(s)
			return err
		})
	case "references":
		return true, p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.s.References, err = rooms.ParseUMID(s)
			return err
		})
	case "exercise":
		return true, p.flag(&p.s.Exercise)
	}
	return false, nil
}

func (p *scheduleParser) repeat(name string) error {
	switch name {
	case "cron":
		p.hasCron = true
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			p.s.Repeat.Cron = s
			_, err := recur.Parse(rooms.Repeat{Cron: s, Zone: "UTC"})
			return err
		})
	case "zone":
		p.hasZone = true
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			p.s.Repeat.Zone = s
			_, err := recur.Zone(s)
			return err
		})
	case "until":
		return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			p.s.Repeat.Until, err = parseTime(s)
			return err
		})
	case "times":
		return p.count()
	}
	return p.unknown()
}

func (p *scheduleParser) count() error {
	if p.dec.PeekKind() != '0' {
		return p.mismatch("a number")
	}
	token, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(token.String())
	if err != nil || n < 1 || n > maxTimes {
		return p.fault(v1.FaultCodeInvalidValue, fmt.Sprintf("a number from 1 to %d", maxTimes))
	}
	p.times = n
	return nil
}

// complete checks what the members say together; expires is when the message says that it does.
func (p *scheduleParser) complete(l Limits, expires time.Time) {
	bad := func(wrong bool, pointer string, code v1.FaultCode, detail string) {
		if wrong {
			_ = p.faultAt(pointer, code, detail)
		}
	}
	bad(p.repeated && !p.hasCron, "/repeat/cron", v1.FaultCodeMissing, "this member is needed")
	bad(p.repeated && !p.hasZone, "/repeat/zone", v1.FaultCodeMissing, "this member is needed")
	bad(p.s.Alert != "" && p.s.References == "", "/references", v1.FaultCodeMissing, "the message that the alert speaks of")
	bad(p.s.References != "" && p.s.Alert == "", "/alert", v1.FaultCodeMissing, "what becomes of the message that is referred to")
	bad(p.repeated && p.s.Alert != "", "/repeat", v1.FaultCodeInvalidValue, "not with an alert that speaks of another message")
	bad(p.repeated && !expires.IsZero(), "/expiresAt", v1.FaultCodeInvalidValue, "not with repeat: each message expires as the policy says")
	bad(l.Horizon > 0 && p.s.SendAt.After(l.Now.Add(l.Horizon)), "/sendAt", v1.FaultCodeInvalidTime, fmt.Sprintf("at most %s from now", l.Horizon))
	if expires.IsZero() {
		p.begin(l)
		return
	}
	from := l.Now
	if p.s.SendAt.After(from) {
		from = p.s.SendAt
	}
	bad(!expires.After(l.Now), "/expiresAt", v1.FaultCodeInvalidTime, "a time in the future")
	bad(expires.After(l.Now) && !expires.After(from), "/expiresAt", v1.FaultCodeInvalidTime, "later than sendAt")
	bad(expires.After(from.Add(l.MaxExpiry)), "/expiresAt", v1.FaultCodeInvalidTime, fmt.Sprintf("at most %s from now, or from sendAt", l.MaxExpiry))
}

// begin finds the first time of a series, and its last.
func (p *scheduleParser) begin(l Limits) {
	if !p.repeated || len(p.faults) > 0 {
		return
	}
	from := l.Now
	if p.s.SendAt.After(from) {
		from = p.s.SendAt.Add(-time.Nanosecond)
	}
	rule, err := recur.Parse(p.s.Repeat)
	if err == nil {
		err = rule.Check(from, l.Now.Add(max(l.Horizon, time.Minute)), l.Least)
	}
	if err != nil {
		pointer := "/repeat/cron"
		if errors.Is(err, recur.ErrNever) && !p.s.Repeat.Until.IsZero() {
			pointer = "/repeat"
		}
		_ = p.faultAt(pointer, v1.FaultCodeInvalidValue, err.Error())
		return
	}
	p.s.SendAt, _ = rule.Next(from)
	if p.times > 0 {
		p.s.Repeat.Until = rule.End(from, p.times)
	}
}
