package stream

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// MoveSubscribers stores entries, at most 1,000, that take the place of others: each says whose
// (Was, Origin). All are stored or none; ErrExists if one of those others is not there any more, or
// has changed. What stood under their own ids is erased, by the next EraseFormer at the latest; an entry of another id is left to EraseSubscriber.
func (l *Log) MoveSubscribers(ctx context.Context, subs []rooms.Subscriber) error {
	msgs := make([]*nats.Msg, len(subs))
	for i, s := range subs {
		data, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("stream: encode a subscriber: %w", err)
		}
		msgs[i] = &nats.Msg{
			Subject: subjectOf(s, s.ID),
			Header: nats.Header{
				headerExpectedLast:    {strconv.FormatUint(s.Origin, 10)},
				headerExpectedSubject: {subjectOf(s, s.Was)},
			},
			Data: data,
		}
	}
	var last uint64
	err := l.insist(ctx, func(ctx context.Context) (err error) {
		last, err = l.appendAt(ctx, msgs)
		return err
	})
	if err == nil {
		l.replaced(ctx, msgs, last)
	}
	return err
}

// EraseSubscriber overwrites an entry on disk and removes it, and with it what it has replaced. ErrGone if it is not there.
func (l *Log) EraseSubscriber(ctx context.Context, sequence uint64) error {
	s, err := l.sure(ctx, streamSubscribers, get{Sequence: sequence})
	if err != nil {
		return err
	}
	erased, err := l.eraseUpTo(ctx, s.subject, sequence)
	if err == nil && erased == 0 {
		return ErrGone
	}
	return err
}
