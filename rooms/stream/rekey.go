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
// has changed. An entry of another id is left to EraseSubscriber.
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
	return l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, msgs) })
}

// EraseSubscriber overwrites an entry on disk and removes it. ErrGone if it is not there.
func (l *Log) EraseSubscriber(ctx context.Context, sequence uint64) error {
	return l.remove(ctx, streamSubscribers, sequence, true)
}
