package fanout

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/govcrier/crier/rooms"
)

// once takes every person of a room once, though a change of keys, or of what he wants, moves entries to the end of the
// log meanwhile, where a scan would meet them again, or both stand there for a moment. As what he is taken is what he was met
// as first, if he was written to then: that he has left or paused since, the delivery asks (registry.Departures). After an interruption it knows nothing of the pages before: who was
// on one, and has been moved since, is taken again.
type once struct {
	seed  maphash.Seed
	taken map[uint64]struct{} // ids, hashed
}

func newOnce() *once { return &once{seed: maphash.MakeSeed(), taken: map[uint64]struct{}{}} }

// first says whether a person who is written to is met for the first time, and remembers that he was. Who was not written
// to before he was changed is taken as what he is now.
func (o *once) first(s rooms.Subscriber) bool {
	if !s.Receives(time.Now()) {
		return false
	}
	id := maphash.String(o.seed, string(s.ID))
	if s.Origin != 0 {
		_, now := o.taken[id]
		_, before := o.taken[maphash.String(o.seed, string(s.Was))]
		if now || before {
			return false
		}
	}
	o.taken[id] = struct{}{}
	return true
}

// everybody calls fn once with each subscriber of a room who stands behind a position of the log
// as of the call, in order, and who has not left before it comes to him.
func (l *lane) everybody(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	return each(after, func(after uint64, fn func(rooms.Subscriber) error) error {
		return l.log.ScanEntries(ctx, room, after, fn)
	}, fn)
}

// mostMoves is how often in a row somebody may be moved away in front of a scan and still be found. While others subscribe
// there is always something behind the end.
const mostMoves = 10

// scan calls fn with whoever stands behind a position, up to the end as of the call.
type scan func(after uint64, fn func(rooms.Subscriber) error) error

// each takes whom a scan meets. Who was moved away in front of it is found behind its end, by the next one.
func each(after uint64, scan scan, fn func(rooms.Subscriber) error) error {
	seen, at, met := newOnce(), after, false
	pass := func(moved bool) error {
		met = false
		return scan(at, func(s rooms.Subscriber) error {
			met, at = true, s.Sequence
			if moved && s.Origin == 0 || !seen.first(s) {
				return nil // he has subscribed since, or was taken
			}
			return fn(s)
		})
	}
	err := pass(false)
	for n := 0; err == nil && n < mostMoves && (met || n == 0); n++ {
		err = pass(true)
	}
	return err
}
