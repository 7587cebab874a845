package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What a key-value bucket is made of (NATS ADR-8).
const (
	roomPrefix      = "$KV." + bucketRooms + "."
	headerOperation = "KV-Operation" // absent where a value was put
	operationDelete = "DEL"
)

// CreateRoom stores a room's configuration. ErrExists if there is one.
func (l *Log) CreateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error) {
	revision, err = l.putRoom(ctx, c, 0)
	if !errors.Is(err, ErrExists) {
		return revision, err
	}
	s, err := l.sure(ctx, streamConfig, get{Last: roomPrefix + string(c.Name)})
	switch {
	case err != nil && !errors.Is(err, ErrGone):
		return 0, err
	case err == nil && s.header.Get(headerOperation) == "":
		return 0, ErrExists
	}
	return l.putRoom(ctx, c, s.sequence) // it has been deleted
}

// UpdateRoom replaces a room's configuration. ErrRevision if c.Revision is not the latest.
func (l *Log) UpdateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error) {
	revision, err = l.putRoom(ctx, c, c.Revision)
	if errors.Is(err, ErrExists) {
		return 0, ErrRevision
	}
	return revision, err
}

// putRoom stores a configuration if that of a revision is the latest, 0 for none; else it says
// ErrExists.
func (l *Log) putRoom(ctx context.Context, c rooms.RoomConfig, last uint64) (revision uint64, err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a room: %w", err)
	}
	m := &nats.Msg{Subject: roomPrefix + string(c.Name), Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(last, 10)}}}
	revision, attempts, err := l.putConfig(ctx, m)
	if errors.Is(err, ErrExists) && attempts > 1 { // an attempt whose answer was lost may have succeeded
		s, e := l.sure(ctx, streamConfig, get{Last: m.Subject})
		if e == nil && bytes.Equal(s.data, data) {
			return s.sequence, nil
		}
	}
	return revision, err
}

// putConfig appends to the bucket of rooms.
func (l *Log) putConfig(ctx context.Context, m *nats.Msg) (revision uint64, attempts int, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		attempts++
		a, err := publish(ctx, l.queue, m)
		revision = a.Sequence
		return err
	})
	if err == nil {
		l.tails[streamConfig].news.tell(revision)
	}
	return revision, attempts, err
}

// DeleteRoom removes a room's configuration.
func (l *Log) DeleteRoom(ctx context.Context, room rooms.Room) error {
	_, _, err := l.putConfig(ctx, &nats.Msg{Subject: roomPrefix + string(room), Header: nats.Header{headerOperation: {operationDelete}}})
	return err
}

// FindRoom gives the configuration of a room that a node does not know although it has been told
// of everything up to a revision; ErrGone if there is none. Of several nodes the others are asked:
// many such questions together whether there is anything newer, and only then for the room.
func (l *Log) FindRoom(ctx context.Context, room rooms.Room, told uint64) (c rooms.RoomConfig, err error) {
	if !l.options.replicated() {
		return c, ErrGone
	}
	last, err := l.end(ctx, streamConfig)
	if err != nil {
		return c, err
	}
	if last <= told {
		return c, ErrGone
	}
	s, err := l.leader(ctx, streamConfig, get{Last: roomPrefix + string(room)})
	if err != nil {
		return c, err
	}
	change, err := decodeRoom(s)
	if err == nil && change.gone {
		err = ErrGone
	}
	return change.config, err
}

// roomChange is an entry of the bucket.
type roomChange struct {
	config rooms.RoomConfig // name and revision only, if it is gone or cannot be read
	gone   bool
	bad    bool
}

func decodeRoom(s stored) (roomChange, error) {
	c := roomChange{gone: s.header.Get(headerOperation) != ""}
	c.config.Name, c.config.Revision = rooms.Room(strings.TrimPrefix(s.subject, roomPrefix)), s.sequence
	if c.gone {
		return c, nil
	}
	if err := json.Unmarshal(s.data, &c.config); err != nil {
		c.bad = true
		return c, fmt.Errorf("stream: the configuration of room %s: %w", c.config.Name, err)
	}
	return c, nil
}

// WatchRooms calls set for every room that is there and for each change, remove for each that
// goes, with the revision at which it went, and ready once all that is there has been told. What
// was replaced since may be told before what is there now. It returns when ctx ends.
func (l *Log) WatchRooms(ctx context.Context, set func(rooms.RoomConfig), remove func(room rooms.Room, revision uint64), ready func()) error {
	last, err := l.endAtLast(ctx, streamConfig)
	if err != nil {
		return err
	}
	if last == 0 {
		ready()
	}
	told := uint64(0)
	return follow(ctx, l, l.tails[streamConfig], 0, decodeRoom, func(changes []roomChange) error {
		for _, c := range changes {
			switch {
			case c.gone:
				remove(c.config.Name, c.config.Revision)
			case !c.bad:
				set(c.config)
			}
			if told < last && c.config.Revision >= last {
				ready()
			}
			told = c.config.Revision
		}
		return nil
	})
}

// endAtLast asks for the end of a stream until it is answered or ctx ends.
func (l *Log) endAtLast(ctx context.Context, stream string) (uint64, error) {
	for {
		last, err := l.end(ctx, stream)
		if !errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
			return last, err
		}
		l.options.Log.Warn("the end of the log is not known yet", "stream", stream, "error", err)
		pause(ctx, createPause)
	}
}
