package rooms_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestEventTypesOfARoom(t *testing.T) {
	var room rooms.RoomConfig
	var err error
	if room, err = room.WithEventType(rooms.EventType{Name: "newBirth", Schema: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	before := room
	if _, err := room.WithEventType(rooms.EventType{Name: "newbirth"}); !errors.Is(err, rooms.ErrEventTypeExists) {
		t.Errorf("another spelling: %v", err)
	}
	if got, ok := room.EventOf("newbirth"); !ok || got.Name != "newBirth" {
		t.Errorf("%+v", got)
	}
	if _, ok := room.EventType("newbirth"); ok {
		t.Error("a name counts with its capitals")
	}
	if gone := room.WithoutEventType("newBirth"); len(gone.EventTypes) != 0 || len(before.EventTypes) != 1 {
		t.Errorf("%+v of %+v", gone, before)
	}
	for n := range rooms.MaxEventTypes - 1 {
		if room, err = room.WithEventType(rooms.EventType{Name: fmt.Sprint("t", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := room.WithEventType(rooms.EventType{Name: "more"}); !errors.Is(err, rooms.ErrTooManyTypes) {
		t.Errorf("one more: %v", err)
	}
	if _, err := before.WithEventType(rooms.EventType{Name: "large", Schema: make([]byte, 600<<10)}); !errors.Is(err, rooms.ErrTooManyTypes) {
		t.Errorf("too many bytes: %v", err)
	}
}

func TestNamesOfEventTypes(t *testing.T) {
	for _, good := range []string{"newBirth", "NEW_birth-2", "7", strings.Repeat("A", 64)} {
		name, err := rooms.ParseEventType(good)
		if err != nil {
			t.Errorf("%s: %v", good, err)
		}
		if _, err := rooms.ParseType(string(rooms.EventType{Name: name}.Type())); err != nil {
			t.Errorf("the type of %s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "_a", "-a", "a.b", "a b", "a*", "é", "\u212a", "cap", "CAP", strings.Repeat("a", 65)} { // U+212A in small letters is k
		if _, err := rooms.ParseEventType(bad); !errors.Is(err, rooms.ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
