package stream

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// bounds are those of the log of all rooms.
type bounds struct{ first, last uint64 }

// Bounds gives the sequences between which the log of all rooms stands, as of the call. If it holds
// nothing, first is behind last.
func (l *Log) Bounds(ctx context.Context) (first, last uint64, err error) {
	b, err := l.bounds.Get(ctx)
	return b.first, b.last, err
}

func (l *Log) askBounds(ctx context.Context) (bounds, error) {
	info, err := l.info(ctx, streamRooms)
	return bounds{info.State.First, info.State.Last}, err
}

// RoomSince gives the position before a room's first message that was stored at a time or later;
// ErrGone if there is none.
func (l *Log) RoomSince(ctx context.Context, room rooms.Room, t time.Time) (after uint64, err error) {
	s, err := l.entry(ctx, streamRooms, get{Since: t.UTC(), Next: rooms.RoomFilter(false, room)})
	if err != nil {
		return 0, err
	}
	return s.sequence - 1, nil
}

// A page of a room's messages holds so many at most, and ends with the one that fills so many bytes.
const (
	roomPage      = 100
	roomPageBytes = 1 << 20
)

// RoomPage reads some of a room's messages to all subscribers that stand after a sequence, in order.
// An empty page says that none stood there at the time of the call. Nothing that is kept is skipped,
// but what nobody can read, which is reported.
func (l *Log) RoomPage(ctx context.Context, s rooms.Selection, after uint64) (page []rooms.Message, err error) {
	at := after
	one := func(e stored) error {
		at = e.sequence
		if m, err := decodeMessage(e.subject, e.sequence, e.header, e.data); err == nil {
			page = append(page, m)
		} else {
			l.unreadable(e, err)
		}
		return nil
	}
	err = l.insist(ctx, func(ctx context.Context) error {
		end, err := l.batch(ctx, l.read.Conn(), streamRooms, get{Sequence: at + 1, Next: s.Filter(), Batch: roomPage, MaxBytes: roomPageBytes}, one)
		switch {
		case len(page) > 0:
			return nil // the rest stands on the next page
		case err != nil:
			return err
		case end.pending > 0:
			return ErrUnavailable // nothing of this can be read; on from there
		}
		return l.ended(ctx, streamRooms, s.Filter(), at+1)
	})
	return page, err
}

func (l *Log) unreadable(e stored, err error) {
	l.options.Log.Error("an entry of the log cannot be read", "stream", streamRooms, "sequence", e.sequence, "error", err)
}

// roomLookEvery is the longest time between two looks at a room of which nothing is heard.
const roomLookEvery = 2 * time.Second

// TailRoom calls fn with a room's messages to all subscribers after a sequence, in order, as they are
// stored. It returns when ctx ends or fn fails. Of entries that nobody can read, which are reported,
// fn gets the sequence alone. Like the other tails it reads whatever replica it can, skips nothing,
// and goes on by itself; but it does not notice that its node is cut off from the others.
func (l *Log) TailRoom(ctx context.Context, room rooms.Room, after uint64, fn func([]rooms.Message) error) error {
	t := &tail{stream: streamRooms, filter: rooms.RoomFilter(false, room), nc: l.live, news: newNews(roomLookEvery)}
	sub, err := l.live.Subscribe(rooms.LiveRoomFilter(room), func(m *nats.Msg) {
		sequence, _ := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
		t.news.tell(sequence)
	})
	if err != nil {
		return fmt.Errorf("stream: follow a room: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	for ctx.Err() == nil {
		p := await(ctx, l, t, after, decodeRoomMessage)
		if len(p.entries) > 0 {
			if err := fn(p.entries); err != nil {
				return err
			}
		}
		after = p.at
	}
	return ctx.Err()
}

func decodeRoomMessage(s stored) (rooms.Message, error) {
	m, err := decodeMessage(s.subject, s.sequence, s.header, s.data)
	if err != nil {
		return rooms.Message{Header: rooms.Header{Sequence: s.sequence}}, err
	}
	return m, nil
}
