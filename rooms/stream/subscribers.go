package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

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
			Subject: subjectOf(s, s.ID),
			Header:  nats.Header{headerExpectedLast: {"0"}},
			Data:    data,
		}
	}
	attempts := 0
	err := l.insist(ctx, func(ctx context.Context) error {
		attempts++
		return l.append(ctx, msgs)
	})
	if errors.Is(err, ErrExists) && attempts > 1 && l.own(ctx, streamSubscribers, msgs[0]) {
		return nil
	}
	return err
}

// subjectOf is where an entry like this one stands under an id.
func subjectOf(s rooms.Subscriber, id rooms.SubscriberID) string {
	if s.Channel == rooms.Webhook {
		return rooms.WebhookSubject(s.Room, id)
	}
	return rooms.SubscriberSubject(s.Room, id)
}

// own says whether an entry that is there is the one that was to be stored: an attempt whose
// answer was lost may have succeeded.
func (l *Log) own(ctx context.Context, stream string, m *nats.Msg) bool {
	s, err := l.sure(ctx, stream, get{Last: m.Subject})
	return err == nil && bytes.Equal(s.data, m.Data)
}

// append stores messages of one stream together, in one attempt.
func (l *Log) append(ctx context.Context, msgs []*nats.Msg) error {
	_, err := l.appendAt(ctx, msgs)
	return err
}

// appendAt does, and gives the position of the last.
func (l *Log) appendAt(ctx context.Context, msgs []*nats.Msg) (last uint64, err error) {
	var a ack
	switch len(msgs) {
	case 0:
	case 1:
		a, err = publish(ctx, l.queue, msgs[0])
	default:
		a, err = publishBatch(ctx, l.queue, msgs)
	}
	return a.Sequence, err
}

// Subscribers reads the entries of a room from a sequence on, at most limit. Fewer were all that
// there are. Those that cannot be read are reported and left out.
func (l *Log) Subscribers(ctx context.Context, room rooms.Room, from uint64, limit int) ([]rooms.Subscriber, error) {
	return l.entries(ctx, rooms.SubscribersFilter(room), from, limit)
}

// Webhooks reads those entries of a room that are webhooks, as Subscribers does.
func (l *Log) Webhooks(ctx context.Context, room rooms.Room, from uint64, limit int) ([]rooms.Subscriber, error) {
	return l.entries(ctx, rooms.WebhooksFilter(room), from, limit)
}

func (l *Log) entries(ctx context.Context, filter string, from uint64, limit int) ([]rooms.Subscriber, error) {
	var out []rooms.Subscriber
	met := map[string]bool{} // by subject
	for full := true; full && len(out) < limit; {
		asked := limit - len(out)
		count, err := l.walk(ctx, streamSubscribers, filter, from, asked, func(s stored) error {
			from = s.sequence + 1
			if sub, ok := l.readable(s); ok {
				if met[s.subject] { // this entry takes the place of one before
					out = slices.DeleteFunc(out, func(o rooms.Subscriber) bool { return o.ID == sub.ID })
				}
				met[s.subject], out = true, append(out, sub)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		full = count == asked
	}
	return out, nil
}

// FindSubscribers reads the entries of people in a room that have one of the ids; those that are
// not there are left out.
func (l *Log) FindSubscribers(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error) {
	return l.find(ctx, room, ids, rooms.SubscriberSubject)
}

// FindWebhooks reads the webhooks of a room that have one of the ids, as FindSubscribers does.
func (l *Log) FindWebhooks(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error) {
	return l.find(ctx, room, ids, rooms.WebhookSubject)
}

func (l *Log) find(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID, subject func(rooms.Room, rooms.SubscriberID) string) ([]rooms.Subscriber, error) {
	var out []rooms.Subscriber
	for part := range slices.Chunk(ids, maxLast) {
		subjects := make([]string, len(part))
		for i, id := range part {
			subjects[i] = subject(room, id)
		}
		found, err := l.lastOf(ctx, streamSubscribers, subjects, rooms.SubscribersFilter(room))
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			sub, err := decodeSubscriber(s)
			if err != nil {
				return nil, err
			}
			out = append(out, sub)
		}
	}
	return out, nil
}

// readable decodes an entry among many, and reports one that cannot be read: it must not keep the
// others from what they subscribed to.
func (l *Log) readable(s stored) (rooms.Subscriber, bool) {
	sub, err := decodeSubscriber(s)
	if err != nil {
		l.options.Log.Error("a subscriber's entry cannot be read; it is left out", "sequence", s.sequence, "error", err)
	}
	return sub, err == nil
}

func decodeSubscriber(s stored) (rooms.Subscriber, error) {
	sub := rooms.Subscriber{Sequence: s.sequence}
	if err := json.Unmarshal(s.data, &sub); err != nil {
		return sub, fmt.Errorf("stream: subscriber entry %d: %w", s.sequence, err)
	}
	parse := rooms.ParseSubscriberSubject
	if sub.Channel == rooms.Webhook {
		parse = rooms.ParseWebhookSubject
	}
	var err error
	sub.Room, sub.ID, err = parse(s.subject)
	return sub, err
}

// RemoveSubscriber overwrites the entry of a person or a webhook on disk, with all that it has replaced, and removes it,
// or says ErrGone.
func (l *Log) RemoveSubscriber(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	s, err := l.sure(ctx, streamSubscribers, get{Last: rooms.SubscriberSubject(room, id)})
	if errors.Is(err, ErrGone) {
		s, err = l.sure(ctx, streamSubscribers, get{Last: rooms.WebhookSubject(room, id)})
	}
	if err != nil {
		return err
	}
	erased, err := l.eraseUpTo(ctx, s.subject, s.sequence)
	if err == nil && erased == 0 {
		return ErrGone
	}
	return err
}

// RemoveSubscribers overwrites every entry of a room on disk and removes it. What was not reached before an error is
// found by the next call.
func (l *Log) RemoveSubscribers(ctx context.Context, room rooms.Room) error {
	return l.eraseMatching(ctx, streamSubscribers, rooms.SubscribersFilter(room))
}
