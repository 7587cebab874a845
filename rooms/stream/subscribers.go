package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// AddSubscribers stores at most 1,000 entries as one atomic batch. ErrExists if one of them is
// there already; then nothing was stored.
func (l *Log) AddSubscribers(ctx context.Context, subs []rooms.Subscriber) error {
	msgs := make([]*nats.Msg, len(subs))
	for i, s := range subs {
		data, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("stream: encode a subscriber: %w", err)
		}
		msgs[i] = &nats.Msg{
			Subject: rooms.SubscriberSubject(s.Room, s.ID),
			Header:  nats.Header{headerExpectedLast: {"0"}},
			Data:    data,
		}
	}
	err := l.append(ctx, msgs)
	out := classify(err)
	return out
}

// append stores messages of one stream together.
func (l *Log) append(ctx context.Context, msgs []*nats.Msg) error {
	var err error
	switch len(msgs) {
	case 0:
	case 1:
		_, err = publish(ctx, l.queue, msgs[0])
	default:
		_, err = publishBatch(ctx, l.queue, msgs)
	}
	return err
}

// Subscribers reads the entries of a room from a sequence on, at most limit.
func (l *Log) Subscribers(ctx context.Context, room rooms.Room, from uint64, limit int) ([]rooms.Subscriber, error) {
	var out []rooms.Subscriber
	get := batchGet{Sequence: max(from, 1), Next: rooms.SubscribersFilter(room), Batch: limit}
	err := l.direct(ctx, streamSubscribers, get, func(s stored) error {
		sub, err := decodeSubscriber(s)
		out = append(out, sub)
		return err
	})
	return out, err
}

// FindSubscribers reads the entries of a room that have one of the ids; those that are not
// there are left out.
func (l *Log) FindSubscribers(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error) {
	var out []rooms.Subscriber
	for len(ids) > 0 {
		n := min(len(ids), maxLast)
		subjects := make([]string, n)
		for i, id := range ids[:n] {
			subjects[i] = rooms.SubscriberSubject(room, id)
		}
		err := l.direct(ctx, streamSubscribers, batchGet{Last: subjects, Batch: n}, func(s stored) error {
			sub, err := decodeSubscriber(s)
			out = append(out, sub)
			return err
		})
		if err != nil {
			return nil, err
		}
		ids = ids[n:]
	}
	return out, nil
}

// Subscribed says whether a room has a subscriber.
func (l *Log) Subscribed(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (bool, error) {
	found, err := l.FindSubscribers(ctx, room, []rooms.SubscriberID{id})
	return len(found) > 0, err
}

func decodeSubscriber(s stored) (rooms.Subscriber, error) {
	sub := rooms.Subscriber{Sequence: s.sequence}
	if err := json.Unmarshal(s.data, &sub); err != nil {
		return sub, fmt.Errorf("stream: subscriber entry %d: %w", s.sequence, err)
	}
	var err error
	sub.Room, sub.ID, err = rooms.ParseSubscriberSubject(s.subject)
	return sub, err
}

// RemoveSubscriber overwrites the entry on disk and removes it.
func (l *Log) RemoveSubscriber(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	found, err := l.FindSubscribers(ctx, room, []rooms.SubscriberID{id})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrGone
	}
	s, err := l.handle(ctx, streamSubscribers)
	if err != nil {
		return err
	}
	err = s.SecureDeleteMsg(ctx, found[0].Sequence)
	if err != nil && gone(err) {
		return ErrGone
	}
	out := classify(err)
	return out
}

// RemoveSubscribers removes every entry of a room.
func (l *Log) RemoveSubscribers(ctx context.Context, room rooms.Room) error {
	s, err := l.handle(ctx, streamSubscribers)
	if err != nil {
		return err
	}
	err = s.Purge(ctx, jetstream.WithPurgeSubject(rooms.SubscribersFilter(room)))
	out := classify(err)
	return out
}

// ScanSubscribers calls fn with every subscriber of a room after a sequence, in order, up to
// the end as of the call.
func (l *Log) ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	last, err := l.lastSubscriber(ctx, room)
	if err != nil || last <= after {
		return err
	}
	return l.scan(ctx, room, after, last, fn)
}

// lastSubscriber is the sequence of a room's latest entry; 0 if there is none.
func (l *Log) lastSubscriber(ctx context.Context, room rooms.Room) (uint64, error) {
	s, err := l.handle(ctx, streamSubscribers)
	if err != nil {
		return 0, err
	}
	last, err := s.GetLastMsgForSubject(ctx, rooms.SubscribersFilter(room))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		out := classify(err)
		return 0, out
	}
	return last.Sequence, nil
}

func (l *Log) scan(ctx context.Context, room rooms.Room, after, last uint64, fn func(rooms.Subscriber) error) error {
	c, err := l.read.OrderedConsumer(ctx, streamSubscribers, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		FilterSubjects: []string{rooms.SubscribersFilter(room)},
	})
	if err != nil {
		return fmt.Errorf("stream: scan the subscribers: %w", err)
	}
	it, err := c.Messages(jetstream.PullMaxMessages(10*maxBatch), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return fmt.Errorf("stream: scan the subscribers: %w", err)
	}
	defer it.Stop()
	for at := after; at < last; {
		m, err := nextOf(ctx, it)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return l.scanned(ctx, room, at)
		}
		if err != nil {
			return fmt.Errorf("stream: scan the subscribers: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("stream: scan the subscribers: %w", err)
		}
		sub, err := decodeSubscriber(stored{m.Subject(), meta.Sequence.Stream, nil, m.Data()})
		if err != nil {
			return err
		}
		if meta.Sequence.Stream <= last {
			if err := fn(sub); err != nil {
				return err
			}
		}
		if at = meta.Sequence.Stream; meta.NumPending == 0 {
			return nil
		}
	}
	return nil
}

func nextOf(ctx context.Context, it jetstream.MessagesContext) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return it.Next(jetstream.NextContext(ctx))
}

// scanned says whether a scan that is given nothing more has come to the end, since what stood
// behind has been removed meanwhile, or must begin again.
func (l *Log) scanned(ctx context.Context, room rooms.Room, at uint64) error {
	if last, err := l.lastSubscriber(ctx, room); err != nil || last <= at {
		return err
	}
	return ErrUnavailable
}
