package registry_test

import (
	"context"
	"errors"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// elsewhere is a store in which another node has made a room that the watch has not told of yet.
type elsewhere struct {
	registry.RoomStore
	asked int
}

func (e *elsewhere) FindRoom(_ context.Context, room rooms.Room, _ uint64) (rooms.RoomConfig, error) {
	e.asked++
	if room != "newborn" {
		return rooms.RoomConfig{}, stream.ErrGone
	}
	return rooms.RoomConfig{Name: room, Revision: 7}, nil
}

func TestRoomThatWasMadeElsewhere(t *testing.T) {
	e := &elsewhere{}
	r := registry.NewRooms(e)
	for range 2 {
		if c, err := r.Get(t.Context(), "newborn"); err != nil || c.Revision != 7 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if e.asked != 1 {
		t.Errorf("asked %d times for a room that was found the first time", e.asked)
	}
	if _, err := r.Get(t.Context(), "none"); !errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("a room that is none: %v", err)
	}
}

// While nobody knows whether there is such a room, it is not said to be unknown.
func TestRoomOfWhichNobodyKnows(t *testing.T) {
	if _, err := registry.NewRooms(silent{}).Get(t.Context(), "newborn"); !errors.Is(err, stream.ErrUnavailable) || errors.Is(err, registry.ErrUnknownRoom) {
		t.Errorf("got %v", err)
	}
}

type silent struct{ registry.RoomStore }

func (silent) FindRoom(context.Context, rooms.Room, uint64) (rooms.RoomConfig, error) {
	return rooms.RoomConfig{}, stream.ErrUnavailable
}
