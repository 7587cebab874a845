package stream

import (
	"context"
	"errors"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A room is found on a node that has not been told of it, and one that is gone is not; who knows of
// everything costs nobody another question.
func (n standing) TestRoomIsFoundOnAnyNode(t *testing.T) {
	here, there := n.logs[0], n.logs[1]
	made, err := here.CreateRoom(t.Context(), rooms.RoomConfig{Name: "newborn", Title: "Newborns"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := there.FindRoom(t.Context(), "newborn", made-1)
	if err != nil || c.Title != "Newborns" || c.Revision != made {
		t.Errorf("found %+v, %v", c, err)
	}
	for what, told := range map[string]uint64{"who was told": made, "who was not": made - 1} {
		if _, err := there.FindRoom(t.Context(), "none", told); !errors.Is(err, ErrGone) {
			t.Errorf("%s finds a room that is none: %v", what, err)
		}
	}
	if _, err := there.CreateRoom(t.Context(), rooms.RoomConfig{Name: "newborn"}); !errors.Is(err, ErrExists) {
		t.Errorf("created again: %v", err)
	}
	if err := there.DeleteRoom(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if _, err := here.FindRoom(t.Context(), "newborn", made); !errors.Is(err, ErrGone) {
		t.Errorf("the deleted room: %v", err)
	}
	again, err := here.CreateRoom(t.Context(), rooms.RoomConfig{Name: "newborn", Title: "again"})
	if err != nil || again <= made {
		t.Errorf("created anew at %d, %v", again, err)
	}
	watch(t, there, again)
}

// watch follows the rooms until the latest change is told.
func watch(t *testing.T, l *Log, until uint64) {
	t.Helper()
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	told := map[rooms.Room]string{}
	err := l.WatchRooms(ctx, func(c rooms.RoomConfig) {
		told[c.Name] = c.Title
		if c.Revision >= until {
			cancel(enough)
		}
	}, func(r rooms.Room, _ uint64) { delete(told, r) }, func() {
		if told["newborn"] != "again" {
			t.Error("ready before all was told")
		}
	})
	if !errors.Is(context.Cause(ctx), enough) || told["newborn"] != "again" {
		t.Errorf("told of %v, %v", told, err)
	}
}
