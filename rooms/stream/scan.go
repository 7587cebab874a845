package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// scanBeat is how often a server that has nothing to send says that it is there. A scan begins
// anew, from where it stands, when two such signs are missing.
const scanBeat = 500 * time.Millisecond

// ScanSubscribers calls fn with every subscriber of a room after a sequence, in order, up to
// the end as of the call, each as he is then. Those whose entries cannot be read are reported and left out.
func (l *Log) ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	filter := rooms.SubscribersFilter(room)
	last, err := l.lastSubscriber(ctx, filter)
	if err != nil || last == 0 {
		return err
	}
	old, err := l.former(ctx, filter, after, last)
	if err != nil {
		return err
	}
	return l.scanEntries(ctx, filter, after, last, func(sub rooms.Subscriber) error {
		if _, replaced := slices.BinarySearch(old, sub.Sequence); replaced {
			return nil
		}
		return fn(sub)
	})
}

// ScanEntries does so too, but reads every entry once and no other: who is being changed, or was by a process that was
// killed, comes twice, as he was and as he is, and the latter says whose place it takes (rooms.Subscriber.Origin). It is for
// those who cannot wait until a whole room has been looked through for such entries.
func (l *Log) ScanEntries(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	filter := rooms.SubscribersFilter(room)
	last, err := l.lastSubscriber(ctx, filter)
	if err != nil || last == 0 {
		return err
	}
	return l.scanEntries(ctx, filter, after, last, fn)
}

func (l *Log) scanEntries(ctx context.Context, filter string, after, last uint64, fn func(rooms.Subscriber) error) error {
	s := scan{log: l, filter: filter, at: after, last: last, fn: func(s stored) error {
		sub, ok := l.readable(s)
		if !ok {
			return nil
		}
		return fn(sub)
	}}
	return s.run(ctx)
}

// scan reads the entries of subscribers that match a filter, up to the last.
type scan struct {
	log    *Log
	filter string
	at     uint64 // the position reached
	last   uint64
	fn     func(stored) error
}

// run reads on, with another consumer where one is lost, until the last is reached or has been
// removed meanwhile. It gives up when nothing comes for CommitTimeout.
func (s *scan) run(ctx context.Context) error {
	moved, lastAt := time.Now(), s.at
	for s.at < s.last {
		err := s.read(ctx)
		if err != nil && !errors.Is(err, ErrUnavailable) {
			return err
		}
		if s.at >= s.last {
			break
		}
		next, err := s.log.sure(ctx, streamSubscribers, get{Sequence: s.at + 1, Next: s.filter})
		if errors.Is(err, ErrGone) || err == nil && next.sequence > s.last {
			return nil
		}
		if s.at > lastAt {
			moved, lastAt = time.Now(), s.at
		}
		if err != nil || time.Since(moved) > s.log.options.CommitTimeout {
			return ErrUnavailable
		}
		pause(ctx, retryPause)
	}
	return nil
}

// read hands on what one consumer gives. It returns before the last when the consumer is lost, or
// has come to the end of its replica.
func (s *scan) read(ctx context.Context) error {
	c, err := s.consumer(ctx)
	if err != nil {
		return err
	}
	it, err := c.Messages(jetstream.PullMaxMessages(10*maxBatch), jetstream.PullHeartbeat(scanBeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return fmt.Errorf("stream: scan the subscribers: %w", err)
	}
	defer it.Stop()
	for s.at < s.last {
		m, err := s.next(ctx, it)
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("stream: scan the subscribers: %w", err)
		}
		if err := s.hand(m, meta.Sequence.Stream); err != nil || meta.NumPending == 0 {
			return err
		}
	}
	return nil
}

func (s *scan) consumer(ctx context.Context) (c jetstream.Consumer, err error) {
	err = s.log.insist(ctx, func(ctx context.Context) error {
		c, err = s.log.read.OrderedConsumer(ctx, streamSubscribers, jetstream.OrderedConsumerConfig{
			DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: s.at + 1,
			FilterSubjects: []string{s.filter},
		})
		return err
	})
	return c, err
}

// next waits for an entry, but no longer than an answer may take.
func (s *scan) next(ctx context.Context, it jetstream.MessagesContext) (jetstream.Msg, error) {
	short, cancel := context.WithTimeout(ctx, s.log.options.AnswerTimeout)
	defer cancel()
	m, err := it.Next(jetstream.NextContext(short))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return m, classify(err)
}

// hand gives an entry to fn and moves on.
func (s *scan) hand(m jetstream.Msg, sequence uint64) error {
	s.at = sequence
	if sequence > s.last {
		return nil
	}
	return s.fn(stored{m.Subject(), sequence, nil, m.Data()})
}
