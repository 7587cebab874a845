package request

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// The rules of delivering a message, and of what remains of it.

const (
	maxRoutes    = 20
	maxWeight    = 1_000
	maxFallbacks = 3 // there are no more channels
	maxQuiet     = 50
	maxNot       = 366
	maxZone      = 64
	maxCap       = 1_000_000
	mostCap      = 366 * 24 * time.Hour
	maxHoldAfter = 1_000_000_000
)

func (p *policyParser) providers() error {
	p.p.Routes = nil
	return p.object(func(name string) error {
		channel, err := rooms.ParseChannel(name)
		if err != nil {
			return p.stranger(fmt.Sprintf("a channel is one of %v", rooms.Channels()))
		}
		var all []rooms.Route
		err = p.list("/providers/"+name, maxRoutes, func() error {
			r := rooms.Route{Weight: 1}
			err := p.record(fields{
				"provider": func() error {
					s, _, err := p.text()
					r.Provider = s
					return err
				},
				"weight": func() error { return p.count(&r.Weight, 0, maxWeight) },
			}, "provider")
			all = append(all, r)
			return err
		})
		if len(all) > 0 {
			if p.p.Routes == nil {
				p.p.Routes = map[rooms.Channel][]rooms.Route{}
			}
			p.p.Routes[channel] = all
		}
		return err
	})
}

func (p *policyParser) fallback() error {
	p.p.Fallback = nil
	return p.list("/fallback", maxFallbacks, func() error {
		var f rooms.Fallback
		err := p.record(fields{
			"from":  func() error { return p.channel(&f.From) },
			"after": func() error { return p.duration(&f.After, leastWait, p.limits.MaxExpiry) },
			"to":    func() error { return p.channel(&f.To) },
		}, "from", "after", "to")
		p.p.Fallback = append(p.p.Fallback, f)
		return err
	})
}

func (p *policyParser) channel(to *rooms.Channel) error {
	return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
		*to, err = rooms.ParseChannel(s)
		return err
	})
}

func (p *policyParser) zone() error {
	return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
		p.p.Times.Zone = s
		return checkLine(s, maxZone)
	})
}

func (p *policyParser) quietHours() error {
	p.p.Times.Quiet = nil
	return p.list("/quietHours", maxQuiet, func() error {
		var q rooms.QuietHours
		err := p.record(fields{
			"days": func() error { return p.days(&q.Days) },
			"from": func() error {
				return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
					if q.From, err = rooms.ParseTimeOfDay(s); s == "24:00" {
						err = errors.New("00:00 is the beginning of the day")
					}
					return err
				})
			},
			"until": func() error {
				return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
					q.Until, err = rooms.ParseTimeOfDay(s)
					return err
				})
			},
		}, "from", "until")
		p.p.Times.Quiet = append(p.p.Times.Quiet, q)
		return err
	})
}

func (p *policyParser) days(to *[]time.Weekday) error {
	return p.list(string(p.dec.StackPointer()), len(rooms.Weekdays()), func() error {
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			day, err := rooms.ParseWeekday(s)
			if err == nil && slices.Contains(*to, day) {
				err = errors.New("this day stands here already")
			}
			*to = append(*to, day)
			return err
		})
	})
}

func (p *policyParser) dates() error {
	t := &p.p.Times
	t.From, t.Until, t.Not = "", "", nil
	day := func(to *rooms.Date) error {
		return p.checked(v1.FaultCodeInvalidTime, func(s string) (err error) {
			*to, err = rooms.ParseDate(s)
			return err
		})
	}
	return p.record(fields{
		"from":  func() error { return day(&t.From) },
		"until": func() error { return day(&t.Until) },
		"not": func() error {
			return p.list("/dates/not", maxNot, func() error {
				t.Not = append(t.Not, "")
				return day(&t.Not[len(t.Not)-1])
			})
		},
	})
}

func (p *policyParser) frequency() error {
	p.p.Cap = rooms.Frequency{}
	return p.record(fields{
		"messages": func() error { return p.count(&p.p.Cap.Messages, 1, maxCap) },
		"per":      func() error { return p.duration(&p.p.Cap.Per, leastWait, mostCap) },
	})
}

func (p *policyParser) replies() error {
	p.p.Replies = rooms.Replies{}
	return p.record(fields{
		"window": func() error { return p.duration(&p.p.Replies.Window, time.Minute, rooms.MaxReplies) },
	})
}

func (p *policyParser) sentIsDelivered() error {
	p.p.SentIsDelivered = nil
	return p.list("/sentIsDelivered", len(rooms.Channels()), func() error {
		var c rooms.Channel
		before := len(p.faults)
		if err := p.channel(&c); err != nil || len(p.faults) > before {
			return err
		}
		if slices.Contains(p.p.SentIsDelivered, c) {
			at := "/sentIsDelivered/" + strconv.Itoa(len(p.p.SentIsDelivered))
			return p.faultAt(at, v1.FaultCodeDuplicateEntry, "this channel stands here already")
		}
		p.p.SentIsDelivered = append(p.p.SentIsDelivered, c)
		return nil
	})
}

// holdAfter reads a number, or null for never.
func (p *policyParser) holdAfter() error {
	if p.dec.PeekKind() == 'n' {
		p.p.HoldAfter = 0
		return p.skip()
	}
	return p.count(&p.p.HoldAfter, 1, maxHoldAfter)
}

func (p *policyParser) history() error {
	return p.choice(func(s string) bool {
		p.p.History = rooms.History(s)
		switch v1.PolicyHistory(s) {
		case v1.HistoryOfRoom, "":
			p.p.History = rooms.HistoryOfRoom
		case v1.HistoryKeep, v1.HistoryErase:
		default:
			return false
		}
		return true
	}, "room, keep or erase")
}
