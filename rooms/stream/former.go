package stream

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
)

// eraseTogether is how many entries are erased at the same time.
const eraseTogether = 16

// formerKept is how many entries of one subscriber the stream holds at most: what is left by crashes, one each, goes with
// the next change.
const formerKept = 64

// A subscriber's entry that takes the place of another leaves that one where it is until it has been overwritten on disk:
// the stream itself would only forget it. Between the two, or after a crash, both stand under the subject, of which the
// latest counts.

// eraseUpTo overwrites the entries of one subscriber on disk and removes them, up to a sequence, and says how many. The
// oldest goes first, so that none of old comes to count.
func (l *Log) eraseUpTo(ctx context.Context, subject string, upTo uint64) (erased int, err error) {
	for {
		s, err := l.sure(ctx, streamSubscribers, get{Sequence: 1, Next: subject})
		switch {
		case errors.Is(err, ErrGone), err == nil && s.sequence > upTo:
			return erased, nil
		case err == nil:
			err = l.remove(ctx, streamSubscribers, s.sequence, true)
		}
		switch {
		case err == nil:
			erased++
		case !errors.Is(err, ErrGone): // else somebody else was quicker
			return erased, err
		}
	}
}

// replaced erases what entries that have just been stored, the last of them at a position, took the place of under their
// own subjects. The entries stand: what cannot be erased now is reported, and is left to EraseFormer.
func (l *Log) replaced(ctx context.Context, msgs []*nats.Msg, last uint64) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(eraseTogether)
	for i, m := range msgs {
		group.Go(func() error {
			_, err := l.eraseUpTo(ctx, m.Subject, last-uint64(len(msgs)-i))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		l.options.Log.Warn("entries of subscribers that were replaced wait to be erased", "sequence", last, "entries", len(msgs), "error", err)
	}
}

// EraseFormer erases the entries of subscribers, of all rooms, that others have replaced and a crash has left, and says
// how many.
func (l *Log) EraseFormer(ctx context.Context) (erased int, err error) {
	last, err := l.lastSubscriber(ctx, rooms.SubscriberFilter)
	if err != nil || last == 0 {
		return 0, err
	}
	old, err := l.former(ctx, rooms.SubscriberFilter, 0, last)
	if err == nil {
		err = l.eraseAll(ctx, streamSubscribers, old)
	}
	if err != nil {
		return 0, fmt.Errorf("stream: erase former entries: %w", err)
	}
	return len(old), nil
}

// lastSubscriber is the position of the last of the entries that match a filter, 0 if there is none.
func (l *Log) lastSubscriber(ctx context.Context, filter string) (uint64, error) {
	s, err := l.sure(ctx, streamSubscribers, get{Last: filter})
	if errors.Is(err, ErrGone) {
		return 0, nil
	}
	return s.sequence, err
}

// former gives the positions, between two, of entries that others have replaced and that are still there. As a rule
// there are none: then the stream holds as many entries as subjects, and nothing is read.
func (l *Log) former(ctx context.Context, filter string, after, last uint64) (old []uint64, err error) {
	info, err := l.info(ctx, streamSubscribers)
	if err != nil || info.State.Messages == info.State.Subjects {
		return nil, err
	}
	seed, latest := maphash.MakeSeed(), map[uint64]uint64{} // positions by subject, hashed
	s := scan{log: l, filter: filter, at: after, last: last, fn: func(s stored) error {
		subject := maphash.String(seed, s.subject)
		before, met := latest[subject]
		latest[subject] = s.sequence
		if !met {
			return nil
		}
		was, err := l.sure(ctx, streamSubscribers, get{Sequence: before})
		if err == nil && was.subject == s.subject { // else two hashes are alike
			old = append(old, before)
		}
		if errors.Is(err, ErrGone) {
			return nil
		}
		return err
	}}
	err = s.run(ctx)
	slices.Sort(old)
	return old, err
}

// eraseMatching overwrites what matches a filter on disk and removes it, in portions. In a store that is encrypted
// nothing is overwritten, whatever is asked for: there it goes at once.
func (l *Log) eraseMatching(ctx context.Context, stream, filter string) error {
	if l.options.Encrypted {
		return l.purge(ctx, stream, filter, 0)
	}
	for from, count := uint64(0), maxLast; count == maxLast; {
		var portion []uint64
		var err error
		count, err = l.walk(ctx, stream, filter, from, maxLast, func(s stored) error {
			portion, from = append(portion, s.sequence), s.sequence+1
			return nil
		})
		if err == nil {
			err = l.eraseAll(ctx, stream, portion)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseAll erases several entries of a stream at the same time.
func (l *Log) eraseAll(ctx context.Context, stream string, sequences []uint64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(eraseTogether)
	for _, sequence := range sequences {
		group.Go(func() error {
			err := l.remove(ctx, stream, sequence, true)
			if errors.Is(err, ErrGone) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}
