package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Readers are the clients that may read a room, as this node has heard; nobody may read one that is not
// there.
func (r *Rooms) Readers(ctx context.Context, room rooms.Room) ([]rooms.Client, error) {
	c, err := r.Get(ctx, room)
	if err != nil && !errors.Is(err, ErrUnknownRoom) {
		return nil, err
	}
	return readers(c), nil
}

// ReadersNow are the clients that may read a room, whatever this node has heard: of several nodes the
// others are asked.
func (r *Rooms) ReadersNow(ctx context.Context, room rooms.Room) ([]rooms.Client, error) {
	c, err := r.store.FindRoom(ctx, room, 0)
	if errors.Is(err, stream.ErrGone) { // or there are no others
		return r.Readers(ctx, room)
	}
	if err != nil {
		return nil, fmt.Errorf("registry: look for a room: %w", err)
	}
	r.set(c)
	return readers(c), nil
}

func readers(c rooms.RoomConfig) []rooms.Client { return slices.Concat(c.Readers, c.Admins) }
