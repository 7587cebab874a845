package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// CreateRoom stores a room's configuration. ErrExists if there is one.
func (l *Log) CreateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a room: %w", err)
	}
	revision, err = l.kv.Create(ctx, string(c.Name), data)
	return revision, kvError(err, ErrExists)
}

// UpdateRoom replaces a room's configuration. ErrRevision if c.Revision is not the latest.
func (l *Log) UpdateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a room: %w", err)
	}
	revision, err = l.kv.Update(ctx, string(c.Name), data, c.Revision)
	return revision, kvError(err, ErrRevision)
}

// DeleteRoom removes a room's configuration.
func (l *Log) DeleteRoom(ctx context.Context, room rooms.Room) error {
	return kvError(l.kv.Delete(ctx, string(room)), ErrRevision)
}

// kvError names a refused condition with the word that fits the call.
func kvError(err, refused error) error {
	if errors.Is(err, jetstream.ErrKeyExists) || hasCode(err, codeWrongSequence) {
		return refused
	}
	out := classify(err)
	return out
}

// WatchRooms calls set for every room that is there and for each change, remove for each that
// goes, with the revision at which it went, and ready once all that is there has been told. It returns when ctx ends.
func (l *Log) WatchRooms(ctx context.Context, set func(rooms.RoomConfig), remove func(room rooms.Room, revision uint64), ready func()) error {
	w, err := l.kv.WatchAll(ctx)
	if err != nil {
		return fmt.Errorf("stream: watch the rooms: %w", err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.Updates():
			if !ok {
				return ErrUnavailable
			}
			l.tell(e, set, remove, ready)
		}
	}
}

func (l *Log) tell(e jetstream.KeyValueEntry, set func(rooms.RoomConfig), remove func(room rooms.Room, revision uint64), ready func()) {
	if e == nil {
		ready()
		return
	}
	if e.Operation() != jetstream.KeyValuePut {
		remove(rooms.Room(e.Key()), e.Revision())
		return
	}
	c := rooms.RoomConfig{Revision: e.Revision()}
	if err := json.Unmarshal(e.Value(), &c); err != nil {
		l.options.Log.Error("the configuration of a room cannot be read", "room", e.Key(), "error", err)
		return
	}
	set(c)
}
