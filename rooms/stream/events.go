package stream

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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
