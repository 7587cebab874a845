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

const (
	maxRooms = 1000 // of how many rooms the alerts are at hand
	hidden   = 10   // times as many alerts are at hand as a feed shows: who is shown last may be taken back first
)

// Log is where alerts stand.
type Log interface {
	// RoomPage gives some messages after a position; none if none stood there at the time of the call.
	RoomPage(ctx context.Context, s rooms.Selection, after uint64) ([]rooms.Message, error)
}

// Standing says what has become of a message; index.ErrUnknown if it is not known yet.
type Standing func(u rooms.UMID) (index.Summary, error)

// Look says how feeds are written.
type Look struct {
	Base  string // what links begin with; may be empty
	Drill string // what titles of drills begin with
	Most  int    // entries
}

// Shelf has at hand which alerts are in force. It reads each once.
type Shelf struct {
	log      Log
	standing Standing
	look     Look

	mu    sync.Mutex
	rooms map[rooms.Room]*board
}

// NewShelf makes one that has nothing at hand yet.
func NewShelf(l Log, standing Standing, look Look) *Shelf {
	return &Shelf{log: l, standing: standing, look: look, rooms: map[rooms.Room]*board{}}
}

// board are the alerts of one room.
type board struct {
	mu      sync.Mutex
	born    time.Time // of the room
	after   uint64    // read up to there
	entries []Entry   // in the order of the log
	changed time.Time // when the list last became another
	public  *Document // as it was written last
}

// Document is a feed as it was written.
type Document struct {
	Body    []byte
	Changed time.Time

	at       time.Time // when it was written
	revision uint64    // of the room
}

// Private gives the feed of a room as it is, with all that is in force.
func (s *Shelf) Private(ctx context.Context, room rooms.RoomConfig, now time.Time) (Document, error) {
	b := s.board(room)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.read(ctx, s, room, now); err != nil {
		return Document{}, err
	}
	return s.write(room, b, func(Entry) bool { return true })
}

// Public gives the feed of a room with the public alerts. It may be of a moment ago, by so much as the age says; until then
// all who ask get the same.
func (s *Shelf) Public(ctx context.Context, room rooms.RoomConfig, now time.Time, age time.Duration) (Document, error) {
	b := s.board(room)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.public != nil && b.public.revision == room.Revision && b.born.Equal(room.CreatedAt) && now.Sub(b.public.at) < age {
		return *b.public, nil
	}
	if err := b.read(ctx, s, room, now); err != nil {
		return Document{}, err
	}
	d, err := s.write(room, b, Entry.public)
	if err == nil {
		d.at, d.revision, b.public = now, room.Revision, &d
	}
	return d, err
}

// write writes some of the entries, the newest first.
func (s *Shelf) write(room rooms.RoomConfig, b *board, which func(Entry) bool) (Document, error) {
	var list []Entry
	for n := len(b.entries) - 1; n >= 0 && len(list) < s.look.Most; n-- {
		if which(b.entries[n]) {
			list = append(list, b.entries[n])
		}
	}
	body, err := s.look.atom(room, list, b.changed)
	return Document{Body: body, Changed: b.changed}, err
}

// read makes sure that a board is that of the room, and of now.
func (b *board) read(ctx context.Context, s *Shelf, room rooms.RoomConfig, now time.Time) error {
	if err := ctx.Err(); err != nil { // it waited for too long
		return err
	}
	if !b.born.Equal(room.CreatedAt) {
		b.born, b.after, b.entries, b.changed, b.public = room.CreatedAt, room.After, nil, room.CreatedAt, nil
	}
	if err := b.follow(ctx, s, room.Name, now); err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	return nil
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

// follow reads what has come, and takes away what is no longer in force.
func (b *board) follow(ctx context.Context, s *Shelf, room rooms.Room, now time.Time) error {
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

// sweep takes away what is no longer in force, and the oldest of far too many.
func (b *board) sweep(s *Shelf, now time.Time) error {
	var kept []Entry
	for _, e := range b.entries {
		m, err := s.standing(e.UMID)
		if err != nil && !errors.Is(err, index.ErrUnknown) {
			return err
		}
		switch {
		case m.Control.State == rooms.ControlCancelled:
			b.change(m.Control.At)
		case !e.Until.After(now):
			b.change(e.Until)
		default:
			kept = append(kept, e)
		}
	}
	b.entries = kept[max(len(kept)-hidden*s.look.Most, 0):]
	return nil
}

func (b *board) change(at time.Time) {
	if at.After(b.changed) {
		b.changed = at
	}
}
