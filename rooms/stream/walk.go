package stream

import (
	"context"
	"errors"
)

// eachAtOnce is how many entries one question of each asks for; messages may be large.
const eachAtOnce = 100

// walk calls fn with the entries that match a filter from a sequence on, at most limit, and gives
// how many there were. If they are fewer than limit, no other was there at the time of the call.
func (l *Log) walk(ctx context.Context, stream, filter string, from uint64, limit int, fn func(stored) error) (count int, err error) {
	var failed error
	one := func(s stored) error {
		count++
		from = s.sequence + 1
		failed = fn(s)
		return failed
	}
	from = max(from, 1)
	err = l.insist(ctx, func(ctx context.Context) error {
		for {
			end, err := l.batch(ctx, l.read.Conn(), stream, get{Sequence: from, Next: filter, Batch: limit - count}, one)
			switch {
			case err != nil || count == limit:
				return err
			case end.pending == 0:
				return l.ended(ctx, stream, filter, from)
			} // else it was more than an answer holds
		}
	})
	if failed != nil {
		return count, failed
	}
	return count, err
}

// errBehind ends a walk.
var errBehind = errors.New("behind the end")

// each calls fn with the entries that match a filter, from a sequence up to another.
func (l *Log) each(ctx context.Context, stream, filter string, from, upTo uint64, fn func(stored)) error {
	for count := eachAtOnce; count == eachAtOnce; {
		var err error
		count, err = l.walk(ctx, stream, filter, from, eachAtOnce, func(s stored) error {
			if s.sequence > upTo {
				return errBehind
			}
			from = s.sequence + 1
			fn(s)
			return nil
		})
		if errors.Is(err, errBehind) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ended returns nil if no entry matches a filter from a sequence on, and ErrUnavailable if there is
// one that the replica which said so has not got yet.
func (l *Log) ended(ctx context.Context, stream, filter string, from uint64) error {
	if !l.options.replicated() {
		return nil
	}
	_, err := l.askLeader(ctx, stream, get{Sequence: from, Next: filter})
	switch err := classify(err); {
	case errors.Is(err, ErrGone):
		return nil
	case err == nil:
		return ErrUnavailable
	default:
		return err
	}
}
