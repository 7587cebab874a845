package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// leftEntry is what stands under the id of who has left.
type leftEntry struct {
	At    time.Time `json:"at"`
	Moved bool      `json:"moved,omitzero"`
}

// PutLeft stores, at most 1,000 at once, that contacts have left a room. It is kept for Options.LeftAge since the last
// time that they did.
func (l *Log) PutLeft(ctx context.Context, room rooms.Room, left []rooms.Left) error {
	return l.putLeft(ctx, room, left, func(rooms.Left) nats.Header { return nats.Header{} })
}

// MoveLeft stores so too, all or none, in the place of what stands at Left.Entry. ErrRevision if something else stands there
// by now, which may be the same after a lost answer.
func (l *Log) MoveLeft(ctx context.Context, room rooms.Room, left []rooms.Left) error {
	err := l.putLeft(ctx, room, left, func(one rooms.Left) nats.Header {
		return nats.Header{headerExpectedLast: {strconv.FormatUint(one.Entry, 10)}}
	})
	if errors.Is(err, ErrExists) {
		return ErrRevision
	}
	return err
}

func (l *Log) putLeft(ctx context.Context, room rooms.Room, left []rooms.Left, header func(rooms.Left) nats.Header) error {
	msgs := make([]*nats.Msg, len(left))
	for i, one := range left {
		data, err := json.Marshal(leftEntry{one.At, one.Moved})
		if err != nil {
			return fmt.Errorf("stream: encode who has left: %w", err)
		}
		msgs[i] = &nats.Msg{Subject: rooms.LeftSubject(room, one.ID), Header: header(one), Data: data}
	}
	return l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, msgs) })
}

// FindLeft reads who of those with an id has left a room. An entry that cannot be read says so too, of this moment.
func (l *Log) FindLeft(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Left, error) {
	if len(ids) > few { // most rooms have few or none
		if _, err := l.sure(ctx, streamLeft, get{Last: rooms.LeftRoomFilter(room)}); errors.Is(err, ErrGone) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	var out []rooms.Left
	for part := range slices.Chunk(ids, maxLast) {
		subjects := make([]string, len(part))
		for i, id := range part {
			subjects[i] = rooms.LeftSubject(room, id)
		}
		found, err := l.lastOf(ctx, streamLeft, subjects, rooms.LeftRoomFilter(room))
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			_, id, err := rooms.ParseLeftSubject(s.subject)
			if err != nil {
				return nil, fmt.Errorf("stream: entry %d of who has left: %w", s.sequence, err)
			}
			out = append(out, l.leftOf(s, id))
		}
	}
	return out, nil
}

func (l *Log) leftOf(s stored, id rooms.SubscriberID) rooms.Left {
	var e leftEntry
	if err := json.Unmarshal(s.data, &e); err != nil {
		l.options.Log.Error("when somebody has left a room cannot be read; he stays out", "sequence", s.sequence, "error", err)
		e.At = time.Now()
	}
	return rooms.Left{ID: id, At: e.At, Moved: e.Moved, Entry: s.sequence}
}

// ScanLeft calls fn with everybody who has left a room, of all rooms.
func (l *Log) ScanLeft(ctx context.Context, fn func(rooms.Left)) error {
	for from, count := uint64(1), entriesAtOnce; count == entriesAtOnce; {
		var err error
		count, err = l.walk(ctx, streamLeft, rooms.LeftFilter, from, entriesAtOnce, func(s stored) error {
			from = s.sequence + 1
			if _, id, err := rooms.ParseLeftSubject(s.subject); err == nil {
				fn(l.leftOf(s, id))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveLeft forgets who has left a room.
func (l *Log) RemoveLeft(ctx context.Context, room rooms.Room) error {
	return l.purge(ctx, streamLeft, rooms.LeftRoomFilter(room), 0)
}
