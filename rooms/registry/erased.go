package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// erased is why an address is not written to where a person was erased: what was accepted before names it in vain.
const erased rooms.Reason = "erased"

// keepAhead is how long before the mark of who was erased ends, and would let a late delivery through, it is renewed.
const keepAhead = 24 * time.Hour

// Erase notes that whoever is reached there is erased now, and has it remembered for so long: as long as a message that was
// accepted before may wait to be sent once. Persons.KeepErased sees to those that are repeated.
func (s *Suppressions) Erase(ctx context.Context, e rooms.Endpoint, keep time.Duration) error {
	ids := s.erasedIDs(e)
	for {
		one, known := s.find(ids)
		if !known {
			one.ID = ids[0]
			one.Entry = s.entry(one.ID)
		}
		now := s.now().UTC().Truncate(time.Millisecond)
		one.Channel, one.Reason, one.Since, one.Until, one.Times = e.Channel, erased, now, now.Add(keep), one.Times+1
		if err := s.put(ctx, one); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// ErasedAt is when whoever is reached there was erased last; zero if that is not known.
func (s *Suppressions) ErasedAt(e rooms.Endpoint) time.Time {
	s.mu.RLock()
	none := len(s.known) == 0
	s.mu.RUnlock()
	if none {
		return time.Time{}
	}
	one, known := s.find(s.erasedIDs(e))
	if !known || !one.Holds(s.now()) {
		return time.Time{}
	}
	return one.Since
}

// Erased says whether whoever is reached there was erased after a message was accepted, out of memory.
func (s *Suppressions) Erased(e rooms.Endpoint, accepted time.Time) bool {
	at := s.ErasedAt(e)
	return !at.IsZero() && !accepted.After(at)
}

func (s *Suppressions) erasedIDs(e rooms.Endpoint) []rooms.SuppressionID {
	return s.hashes("erased", string(e.Channel), e.Address.Same())
}

// ending are the marks of who was erased that end within a time, or have ended no longer ago than that.
func (s *Suppressions) ending(within time.Duration) (all []rooms.Suppression) {
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, one := range s.known {
		if one.Reason == erased && !one.Gone && one.Until.Sub(now).Abs() <= within {
			all = append(all, one)
		}
	}
	return all
}

// KeepErased has it remembered on who was erased, as long as a message waits that was accepted before: a series may go on
// for years. It is called now and then, at least once a day.
func (p *Persons) KeepErased(ctx context.Context) error {
	ending := p.Suppressions.ending(p.Delivery + keepAhead)
	if len(ending) == 0 || p.Held == nil {
		return nil
	}
	oldest, waits, err := p.oldestHeld(ctx)
	if err != nil {
		return fmt.Errorf("registry: look through the messages that wait: %w", err)
	}
	for _, one := range ending {
		if !waits || oldest.After(one.Since) {
			continue
		}
		one.Until = p.Suppressions.now().UTC().Truncate(time.Millisecond).Add(p.Remember)
		if err := p.Suppressions.put(ctx, one); err != nil && !errors.Is(err, stream.ErrRevision) { // else he was erased again
			return err
		}
	}
	return nil
}

// oldestHeld is when the first of those messages was accepted that wait and name people; false if there is none.
func (p *Persons) oldestHeld(ctx context.Context) (oldest time.Time, waits bool, err error) {
	for from, more := uint64(1), true; more; more = from > 0 {
		from, err = p.Held.ScanHeld(ctx, from, lookedAtOnce, func(m rooms.Message) error {
			if at := m.UMID.Time(); m.Direct && (!waits || at.Before(oldest)) {
				oldest, waits = at, true
			}
			return ctx.Err()
		})
		if err != nil {
			return oldest, waits, err
		}
	}
	return oldest, waits, nil
}

// HeldStore is where messages wait for their time, or for a second person.
type HeldStore interface {
	ScanHeld(ctx context.Context, from uint64, limit int, fn func(m rooms.Message) error) (next uint64, err error)
}

// HeldFor is a message that waits and names a person; of a series, all its times.
type HeldFor struct {
	Room    rooms.Room
	UMID    rooms.UMID
	Channel rooms.Channel
}

// held finds the messages that wait and name a person, or have him get a copy, and were accepted since he was erased, if he
// was.
func (p *Persons) held(ctx context.Context, at rooms.Endpoint) (all []HeldFor, err error) {
	met, unread := map[rooms.UMID]bool{}, 0
	for from, more := uint64(1), p.Held != nil; more; more = from > 0 {
		from, err = p.Held.ScanHeld(ctx, from, lookedAtOnce, func(m rooms.Message) error {
			if !m.Direct || met[m.UMID] || p.Suppressions.Erased(at, m.UMID.Time()) {
				return ctx.Err()
			}
			e, err := m.Open(p.Subscribers.vault)
			if err != nil {
				unread++
				return ctx.Err()
			}
			for _, c := range e.Recipients {
				if c.Has(at) || hasCopy(c, at) {
					met[m.UMID], all = true, append(all, HeldFor{m.Room, m.UMID, c.Channel})
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("registry: look through the messages that wait: %w", err)
		}
	}
	if unread > 0 {
		p.Log.Error("messages that wait and cannot be opened were not looked at", "messages", unread)
	}
	return all, nil
}
