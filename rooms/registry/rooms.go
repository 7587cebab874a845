package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// RoomStore keeps the configuration of rooms.
type RoomStore interface {
	CreateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error)
	UpdateRoom(ctx context.Context, c rooms.RoomConfig) (revision uint64, err error)
	DeleteRoom(ctx context.Context, room rooms.Room) error
	MessagesEnd(ctx context.Context) (uint64, error)
	RoomFinder
}

// RoomFinder looks for a room that is not known to who has been told of everything up to a
// revision: it may have been made on another node a moment ago. ErrGone if there is none.
type RoomFinder interface {
	FindRoom(ctx context.Context, room rooms.Room, told uint64) (rooms.RoomConfig, error)
}

// RoomWatch tells of every room and every change.
type RoomWatch interface {
	WatchRooms(ctx context.Context, set func(rooms.RoomConfig), remove func(room rooms.Room, revision uint64), ready func()) error
}

// Rooms answers for the rooms out of memory, which Run keeps current.
type Rooms struct {
	store RoomStore
	now   func() time.Time

	mu    sync.RWMutex
	known map[rooms.Room]rooms.RoomConfig
	gone  map[rooms.Room]uint64 // revision up to which nothing of a room counts any more
	told  uint64                // the watch has told of everything up to this revision
	ready chan struct{}
	once  sync.Once
}

// NewRooms begins with no room; Run fills it.
func NewRooms(store RoomStore) *Rooms {
	return &Rooms{store: store, now: time.Now, known: map[rooms.Room]rooms.RoomConfig{},
		gone: map[rooms.Room]uint64{}, ready: make(chan struct{})}
}

// Run follows the store until ctx ends.
func (r *Rooms) Run(ctx context.Context, w RoomWatch) error {
	set := func(c rooms.RoomConfig) {
		r.set(c)
		r.note(c.Revision)
	}
	remove := func(room rooms.Room, revision uint64) {
		r.remove(room, revision)
		r.note(revision)
	}
	return w.WatchRooms(ctx, set, remove, func() { r.once.Do(func() { close(r.ready) }) })
}

// Ready is closed once every room that was there at the start is known.
func (r *Rooms) Ready() <-chan struct{} { return r.ready }

// note says how far the watch has told.
func (r *Rooms) note(revision uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = max(r.told, revision)
}

func (r *Rooms) set(c rooms.RoomConfig) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if max(r.known[c.Name].Revision, r.gone[c.Name]) < c.Revision {
		r.known[c.Name] = c
	}
}

// remove forgets a room up to a revision: what the watch tells late neither brings back a room
// that was deleted here nor takes away one that was created anew.
func (r *Rooms) remove(room rooms.Room, revision uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone[room] = max(r.gone[room], revision)
	if r.known[room].Revision <= revision {
		delete(r.known, room)
	}
}

// Get gives a room, or ErrUnknownRoom. A room that was made before the call, on whatever node, is
// known; a change of one that was known before may be heard of a moment late.
func (r *Rooms) Get(ctx context.Context, room rooms.Room) (rooms.RoomConfig, error) {
	c, told, ok := r.look(room)
	if ok {
		return c, nil
	}
	c, err := r.store.FindRoom(ctx, room, told)
	switch {
	case errors.Is(err, stream.ErrGone):
		return rooms.RoomConfig{}, ErrUnknownRoom
	case err != nil:
		return rooms.RoomConfig{}, fmt.Errorf("registry: look for a room: %w", err)
	}
	r.set(c)
	return c, nil
}

// look gives what is known of a room here, and how far the watch has told.
func (r *Rooms) look(room rooms.Room) (c rooms.RoomConfig, told uint64, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c, ok = r.known[room]
	return c, r.told, ok
}

// List gives all rooms by name.
func (r *Rooms) List(context.Context) ([]rooms.RoomConfig, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.SortedFunc(maps.Values(r.known), func(a, b rooms.RoomConfig) int {
		return strings.Compare(string(a.Name), string(b.Name))
	}), nil
}

// Create stores a new room, or says ErrExists.
func (r *Rooms) Create(ctx context.Context, c rooms.RoomConfig) (rooms.RoomConfig, error) {
	c.CreatedAt = r.now().UTC().Truncate(time.Millisecond)
	var err error
	if c.After, err = r.store.MessagesEnd(ctx); err != nil {
		return rooms.RoomConfig{}, fmt.Errorf("registry: where a room begins: %w", err)
	}
	revision, err := r.store.CreateRoom(ctx, c)
	return r.stored(c, revision, err)
}

// Put replaces a room's configuration. ErrRevision if c.Revision is not the latest,
// ErrUnknownRoom if there is no such room.
func (r *Rooms) Put(ctx context.Context, c rooms.RoomConfig) (rooms.RoomConfig, error) {
	old, err := r.Get(ctx, c.Name)
	if err != nil {
		return rooms.RoomConfig{}, err
	}
	c.CreatedAt, c.After = old.CreatedAt, old.After
	revision, err := r.store.UpdateRoom(ctx, c)
	return r.stored(c, revision, err)
}

func (r *Rooms) stored(c rooms.RoomConfig, revision uint64, err error) (rooms.RoomConfig, error) {
	switch {
	case errors.Is(err, stream.ErrExists):
		return rooms.RoomConfig{}, ErrExists
	case errors.Is(err, stream.ErrRevision):
		return rooms.RoomConfig{}, ErrRevision
	case err != nil:
		return rooms.RoomConfig{}, fmt.Errorf("registry: store a room: %w", err)
	}
	c.Revision = revision
	r.set(c) // a client that goes on at once finds its room
	return c, nil
}

// Delete removes a room's configuration. Its messages stay until the log's end of life.
func (r *Rooms) Delete(ctx context.Context, room rooms.Room) error {
	c, err := r.Get(ctx, room)
	if err != nil {
		return err
	}
	if err := r.store.DeleteRoom(ctx, room); err != nil {
		return fmt.Errorf("registry: delete a room: %w", err)
	}
	r.remove(room, c.Revision)
	return nil
}
