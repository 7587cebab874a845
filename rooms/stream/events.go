package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
)

// Record appends events and returns once all are durable. One that stands there already, by
// its ID, is not added again.
func (l *Log) Record(ctx context.Context, events ...rooms.Event) error {
	msgs := make([]*nats.Msg, len(events))
	for i, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("stream: encode an event: %w", err)
		}
		msgs[i] = &nats.Msg{
			Subject: rooms.EventSubject(e.Room, e.Kind),
			Header:  nats.Header{jetstream.MsgIDHeader: {e.ID()}},
			Data:    data,
		}
	}
	return l.events.appendEach(ctx, msgs)
}

// eventsAtOnce is how many events are read at the same time.
const eventsAtOnce = 16

// Events reads events by where they stand. Of those that are no longer kept, or cannot be read, it gives the zero value.
func (l *Log) Events(ctx context.Context, sequences []uint64) ([]rooms.Event, error) {
	events := make([]rooms.Event, len(sequences))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(eventsAtOnce)
	for i, sequence := range sequences {
		if sequence == 0 {
			continue
		}
		group.Go(func() error {
			s, err := l.entry(ctx, streamEvents, get{Sequence: sequence})
			switch {
			case errors.Is(err, ErrGone):
				return nil
			case err != nil:
				return err
			}
			if e, err := decodeEvent(s.subject, s.sequence, s.data); err == nil {
				events[i] = e
			}
			return nil
		})
	}
	return events, group.Wait()
}

func decodeEvent(subject string, sequence uint64, data []byte) (rooms.Event, error) {
	e := rooms.Event{Sequence: sequence}
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("stream: event %d: %w", sequence, err)
	}
	var err error
	e.Room, e.Kind, err = rooms.ParseEventSubject(subject)
	return e, err
}

// Audit appends entries to the audit log of a component of this node.
func (l *Log) Audit(ctx context.Context, node, component string, entries ...[]byte) error {
	msgs := make([]*nats.Msg, len(entries))
	for i, data := range entries {
		msgs[i] = &nats.Msg{Subject: rooms.AuditSubject(node, component), Header: nats.Header{}, Data: data}
	}
	return l.audit.appendEach(ctx, msgs)
}
