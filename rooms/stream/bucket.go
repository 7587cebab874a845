package stream

import (
	"bytes"
	"context"
	"errors"

	"github.com/nats-io/nats.go"
)

// entriesAtOnce is how many entries of a bucket are read at once.
const entriesAtOnce = 1_000

// swap stores an entry of a bucket under the condition that its header names: that nothing was stored after a sequence.
// ErrRevision if something was, and is not this very entry after a lost answer.
func (l *Log) swap(ctx context.Context, stream string, m *nats.Msg, after uint64) (entry uint64, err error) {
	attempts := 0
	err = l.insist(ctx, func(ctx context.Context) error {
		attempts++
		a, err := publish(ctx, l.queue, m)
		entry = a.Sequence
		return err
	})
	if !errors.Is(err, ErrExists) {
		return entry, err
	}
	if attempts > 1 {
		s, e := l.sure(ctx, stream, get{Last: m.Subject})
		if e == nil && s.sequence > after && bytes.Equal(s.data, m.Data) {
			return s.sequence, nil
		}
	}
	return 0, ErrRevision
}

// eachEntry calls fn with the entries of a bucket from one on, of each key the latest, in the order in which they were
// stored.
func (l *Log) eachEntry(ctx context.Context, stream, prefix string, from uint64, fn func(s stored)) error {
	for count := entriesAtOnce; count == entriesAtOnce; {
		var err error
		count, err = l.walk(ctx, stream, prefix+">", from, entriesAtOnce, func(s stored) error {
			from = s.sequence + 1
			fn(s)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
