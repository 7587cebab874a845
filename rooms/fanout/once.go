package fanout

import (
	"context"
	"hash/maphash"

	"github.com/govcrier/crier/rooms"
)

// once takes every person of a room once, though a change of keys, or of what he wants, moves entries to the end of the
// log meanwhile, where a scan would meet them again. After an interruption it knows nothing of the pages before: who was
// on one, and has been moved since, is taken again.
type once struct {
	seed  maphash.Seed
	taken map[uint64]struct{} // ids, hashed
}

func newOnce() *once { return &once{seed: maphash.MakeSeed(), taken: map[uint64]struct{}{}} }

// first says whether a person is met for the first time, and remembers that he was.
func (o *once) first(s rooms.Subscriber) bool {
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
// as of the call, in order, and who has not left before it comes to him. Who was moved away in
// front of the scan is found behind its end.
func (l *lane) everybody(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	seen := newOnce()
	at := after
	err := l.log.ScanSubscribers(ctx, room, after, func(s rooms.Subscriber) error {
		at = s.Sequence
		if !seen.first(s) {
			return nil
		}
		return fn(s)
	})
	if err != nil {
		return err
	}
	return l.log.ScanSubscribers(ctx, room, at, func(s rooms.Subscriber) error {
		if s.Origin == 0 || !seen.first(s) {
			return nil // he has subscribed since, or was taken
		}
		return fn(s)
	})
}
