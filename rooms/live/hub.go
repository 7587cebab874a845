package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Reader reads the log. Its errors are those of package stream.
type Reader interface {
	// Bounds gives the sequences between which the log of all rooms stands.
	Bounds(ctx context.Context) (first, last uint64, err error)
	// RoomSince gives the position before the first message stored at a time or later; ErrGone if none is.
	RoomSince(ctx context.Context, room rooms.Room, t time.Time) (after uint64, err error)
	// RoomPage gives some messages after a position; none if none stood there at the time of the call.
	RoomPage(ctx context.Context, s rooms.Selection, after uint64) ([]rooms.Message, error)
}

// Tailer follows a room until ctx ends or fn fails.
type Tailer interface {
	TailRoom(ctx context.Context, room rooms.Room, after uint64, fn func([]rooms.Message) error) error
}

// Log is where messages stand.
type Log interface {
	Reader
	Tailer
}

// ErrUnavailable says that the log does not answer here. Another node may do better.
var ErrUnavailable = errors.New("live: the log does not answer")

// Hub follows rooms for those who listen.
type Hub struct {
	log     Log
	render  func(rooms.Message) []byte
	options Options
	reading chan struct{} // holds one for each listener that reads the log

	mu     sync.Mutex
	rooms  map[rooms.Room]*room
	closed bool
	work   sync.WaitGroup
}

// New makes a hub. render writes a message as listeners pass it on; it is called from several
// goroutines.
func New(l Log, render func(rooms.Message) []byte, o Options) *Hub {
	o = o.WithDefaults()
	return &Hub{log: l, render: render, options: o, reading: make(chan struct{}, o.Readers), rooms: map[rooms.Room]*room{}}
}

// Start is where a listener begins: with what is stored from now on, if it is zero; at a time; or
// behind a sequence, which is that of the last message it has.
type Start struct {
	Since  time.Time
	Resume bool
	After  uint64
}

// Query says what a listener wants.
type Query struct {
	rooms.Selection
	Start
	// Born is when the room was created: what was received before belongs to an earlier one of its name.
	Born time.Time
}

// Listen begins to listen. The listener is to be closed.
func (h *Hub) Listen(ctx context.Context, q Query) (*Listener, error) {
	first, last, err := h.log.Bounds(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	l := &Listener{hub: h, query: q, at: last}
	switch {
	case q.Resume && q.After > 0 && q.After+1 < first:
		l.at, l.gap = first-1, first
	case q.Resume:
		l.at = q.After
	case !q.Since.IsZero():
		after, err := h.log.RoomSince(ctx, q.Room, q.Since)
		if err == nil {
			l.at = min(l.at, after)
		} else if !errors.Is(err, stream.ErrGone) {
			return nil, unavailable(err)
		}
	}
	l.room, err = h.join(q.Room, last)
	return l, err
}

// join makes sure that a room is followed, from a position on if it was not before.
func (h *Hub) join(name rooms.Room, last uint64) (*room, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrUnavailable
	}
	r := h.rooms[name]
	if r == nil {
		ctx, cancel := context.WithCancel(context.Background())
		r = newRoom(h, name, last, cancel)
		h.rooms[name] = r
		h.work.Go(func() { r.run(ctx) })
	}
	r.listeners++
	return r, nil
}

// leave stops following a room to which nobody listens any more.
func (h *Hub) leave(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.listeners--; r.listeners == 0 {
		h.drop(r)
	}
}

// drop has the next listener begin anew. h.mu is held.
func (h *Hub) drop(r *room) {
	r.cancel()
	if h.rooms[r.name] == r {
		delete(h.rooms, r.name)
	}
}

// Close ends the following of all rooms; who still listens is told ErrUnavailable.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for _, r := range h.rooms {
		r.fail(ErrUnavailable)
		h.drop(r)
	}
	h.mu.Unlock()
	h.work.Wait()
}

// lost ends a room whose log does not answer.
func (h *Hub) lost(r *room, err error) {
	h.options.Log.Warn("a room cannot be followed here; its listeners are sent elsewhere", "room", r.name, "error", err)
	h.mu.Lock()
	defer h.mu.Unlock()
	r.fail(unavailable(err))
	h.drop(r)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }
