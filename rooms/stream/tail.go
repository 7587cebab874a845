package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// tailBuffer is how many entries of a tail may wait for their reader.
const tailBuffer = 2 * maxBatch

// TailHeaders calls fn with the headers of all messages after a sequence, in order, in batches
// as large as what waits, at most 1,000. It returns when ctx ends or fn fails. Of entries that
// nobody can read, which are reported, fn gets the sequence alone: who waits for the end of the
// log would else wait for ever.
func (l *Log) TailHeaders(ctx context.Context, after uint64, fn func([]rooms.Header) error) error {
	return tail(ctx, l, streamRooms, after, true, func(m jetstream.Msg, seq uint64) (rooms.Header, error) {
		h, err := decodeHeader(m.Subject(), seq, m.Headers())
		if err != nil {
			return rooms.Header{Sequence: seq}, err
		}
		return h, nil
	}, fn)
}

// TailEvents does the same for events.
func (l *Log) TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error {
	return tail(ctx, l, streamEvents, after, false, func(m jetstream.Msg, seq uint64) (rooms.Event, error) {
		e, err := decodeEvent(m.Subject(), seq, m.Data())
		if err != nil {
			return rooms.Event{Sequence: seq}, err
		}
		return e, nil
	}, fn)
}

// Ends gives the sequences of the last message and the last event that exist now; 0 for none.
func (l *Log) Ends(ctx context.Context) (messages, events uint64, err error) {
	if messages, err = l.end(ctx, streamRooms); err != nil {
		return 0, 0, err
	}
	events, err = l.end(ctx, streamEvents)
	return messages, events, err
}

// EventsEnd is the sequence of the last event that exists now; 0 for none.
func (l *Log) EventsEnd(ctx context.Context) (uint64, error) { return l.end(ctx, streamEvents) }

func (l *Log) end(ctx context.Context, stream string) (uint64, error) {
	s, err := l.handle(ctx, stream)
	if err != nil {
		return 0, err
	}
	last, err := s.GetLastMsgForSubject(ctx, ">")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		out := classify(err)
		return 0, out
	}
	return last.Sequence, nil
}

// tail reads a stream with an ordered consumer, decodes each entry and hands on what waits.
func tail[T any](ctx context.Context, l *Log, stream string, after uint64, headersOnly bool,
	decode func(jetstream.Msg, uint64) (T, error), fn func([]T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, err := l.read.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1, HeadersOnly: headersOnly,
	})
	if err != nil {
		return fmt.Errorf("stream: tail %s: %w", stream, err)
	}
	waiting := make(chan T, tailBuffer)
	running, err := c.Consume(func(m jetstream.Msg) {
		meta, err := m.Metadata()
		if err != nil {
			return
		}
		v, err := decode(m, meta.Sequence.Stream)
		if err != nil {
			l.options.Log.Error("an entry of the log cannot be read", "stream", stream, "sequence", meta.Sequence.Stream, "error", err)
		}
		select {
		case waiting <- v:
		case <-ctx.Done():
		}
	}, jetstream.PullMaxMessages(tailBuffer))
	if err != nil {
		return fmt.Errorf("stream: tail %s: %w", stream, err)
	}
	defer running.Stop()
	return drain(ctx, waiting, running.Closed(), fn)
}

func drain[T any](ctx context.Context, waiting <-chan T, closed <-chan struct{}, fn func([]T) error) error {
	batch := make([]T, 0, maxBatch)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-closed:
			return ErrUnavailable
		case v := <-waiting:
			batch = append(batch[:0], v)
		}
		for len(batch) < maxBatch && len(waiting) > 0 {
			batch = append(batch, <-waiting)
		}
		if err := fn(batch); err != nil {
			return err
		}
	}
}
