package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// UpdateSubscriber stores an entry in the place of the one at s.Sequence and gives its own position. ErrRevision if
// that one has changed meanwhile or is not there any more; then nothing was stored. The former entry is erased, by the
// next EraseFormer at the latest.
func (l *Log) UpdateSubscriber(ctx context.Context, s rooms.Subscriber) (sequence uint64, err error) {
	data, err := json.Marshal(s)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a subscriber: %w", err)
	}
	m := &nats.Msg{Subject: subjectOf(s, s.ID), Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(s.Sequence, 10)}}}
	attempts := 0
	err = l.insist(ctx, func(ctx context.Context) error {
		attempts++
		a, err := publish(ctx, l.queue, m)
		sequence = a.Sequence
		return err
	})
	switch {
	case errors.Is(err, ErrExists) && attempts > 1 && l.own(ctx, streamSubscribers, m):
		var now stored
		now, err = l.sure(ctx, streamSubscribers, get{Last: m.Subject})
		sequence = now.sequence
	case errors.Is(err, ErrExists):
		return 0, ErrRevision
	}
	if err == nil {
		l.replaced(ctx, []*nats.Msg{m}, sequence)
	}
	return sequence, err
}
