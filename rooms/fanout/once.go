package fanout

import (
	"context"
	"slices"

	"github.com/govcrier/crier/rooms"
)

// once takes every person of a room once, though a change of keys moves entries to the end of the
// log meanwhile, where a scan would meet them again. It wants them in the order of the log. After
// an interruption it knows nothing of the pages before: who was on one, and has been moved since,
// is taken again.
type once struct{ taken []uint64 } // positions, ascending

// first says whether a person is met for the first time, and remembers that he was.
func (o *once) first(s rooms.Subscriber) bool {
	if s.Origin != 0 {
		if _, before := slices.BinarySearch(o.taken, s.Origin); before {
			return false
		}
	}
	o.taken = append(o.taken, s.Sequence)
	return true
}

// everybody calls fn once with each subscriber of a room who stands behind a position of the log
// as of the call, in order, and who has not left before it comes to him. Who was moved away in
// front of the scan is found behind its end.
func (l *lane) everybody(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	var seen once
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
