package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// maxRooms is of how many rooms the alerts are at hand.
const maxRooms = 1000

// Log is where alerts stand.
type Log interface {
	// RoomPage gives some messages after a position; none if none stood there at the time of the call.
	RoomPage(ctx context.Context, s rooms.Selection, after uint64) ([]rooms.Message, error)
}

// Standing says what has become of a message; index.ErrUnknown if it is not known yet.
type Standing func(u rooms.UMID) (index.Summary, error)

// Shelf has at hand which alerts are in force. It reads each once.
type Shelf struct {
	log      Log
	standing Standing
	most     int // entries of a feed

	mu    sync.Mutex
	rooms map[rooms.Room]*board
}

// NewShelf makes one that holds so many of the newest alerts of each room.
func NewShelf(l Log, standing Standing, most int) *Shelf {
	return &Shelf{log: l, standing: standing, most: most, rooms: map[rooms.Room]*board{}}
}

// board are the alerts of one room.
type board struct {
	mu      sync.Mutex
	born    time.Time // of the room
	after   uint64    // read up to there
	entries []Entry   // in the order of the log
	changed time.Time // when the list last became another
	looked  time.Time
}

// Feed is what a room says at a moment: the newest first.
type Feed struct {
	Room    rooms.RoomConfig
	Entries []Entry
	Changed time.Time
}

// Feed gives the alerts of a room that are in force. It may be of a moment ago, by so much as the age says.
func (s *Shelf) Feed(ctx context.Context, room rooms.RoomConfig, now time.Time, age time.Duration) (Feed, error) {
	b := s.board(room)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.born.Equal(room.CreatedAt) {
		b.born, b.after, b.entries, b.changed, b.looked = room.CreatedAt, room.After, nil, room.CreatedAt, time.Time{}
	}
	if age <= 0 || b.looked.IsZero() || now.Sub(b.looked) >= age {
		if err := b.look(ctx, s, room.Name, now); err != nil {
			return Feed{}, fmt.Errorf("feed: %w", err)
		}
	}
	f := Feed{Room: room, Changed: b.changed}
	for n := len(b.entries) - 1; n >= 0; n-- {
		f.Entries = append(f.Entries, b.entries[n])
	}
	return f, nil
}

// board is that of a room. Of too many rooms all are forgotten, and read again.
func (s *Shelf) board(room rooms.RoomConfig) *board {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.rooms[room.Name]
	if !ok {
		if len(s.rooms) >= maxRooms {
			clear(s.rooms)
		}
		b = &board{}
		s.rooms[room.Name] = b
	}
	return b
}

// look reads what has come, and takes away what is no longer in force.
func (b *board) look(ctx context.Context, s *Shelf, room rooms.Room, now time.Time) error {
	selection := rooms.Selection{Room: room, Type: rooms.CAP}
	for {
		page, err := s.log.RoomPage(ctx, selection, b.after)
		if err != nil {
			return err
		}
		for _, m := range page {
			b.after = max(b.after, m.Sequence)
			b.take(m)
		}
		if err := b.sweep(s, now); err != nil {
			return err
		}
		if len(page) == 0 {
			b.looked = now
			return nil
		}
	}
}

func (b *board) take(m rooms.Message) {
	if !m.IsAlert() || m.ReceivedAt.Before(b.born) {
		return
	}
	if e, ok := entryOf(m); ok {
		b.entries = append(b.entries, e)
		b.change(e.At)
	}
}

// sweep takes away what is no longer in force, and the oldest of too many.
func (b *board) sweep(s *Shelf, now time.Time) error {
	var kept []Entry
	for n, e := range b.entries {
		m, err := s.standing(e.UMID)
		if err != nil && !errors.Is(err, index.ErrUnknown) {
			return err
		}
		switch {
		case m.Control.State == rooms.ControlCancelled:
			b.change(m.Control.At)
		case !e.Until.After(now):
			b.change(e.Until)
		case len(b.entries)-n <= s.most:
			kept = append(kept, e)
		}
	}
	b.entries = kept
	return nil
}

func (b *board) change(at time.Time) {
	if at.After(b.changed) {
		b.changed = at
	}
}
