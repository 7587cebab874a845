package registry_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// Whom many rooms behind one number have asked confirms in each, the last first; a wrong code costs one try in one room,
// and those of all rooms together end.
func TestCodesOfManyRooms(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, ctx, who := h.invitations(p), t.Context(), phone(t, 1)
	at := endpoint(who)
	var among []rooms.Room
	ids, codes := map[rooms.Room]rooms.SubscriberID{}, map[rooms.Room]string{}
	for n := range 8 {
		room := rooms.Room(fmt.Sprint("room-", n))
		id, err := in.Ask(ctx, rooms.RoomConfig{Name: room, Join: rooms.JoinOpen}, wish(who))
		if err != nil {
			t.Fatal(err)
		}
		among, ids[room], codes[room] = append(among, room), id, p.last(t).Code
	}
	tries := func() (all int) {
		for room, id := range ids {
			sub, _, err := h.subs.Get(ctx, room, id)
			if err != nil {
				t.Fatal(err)
			}
			all += sub.Invitation.Tries
		}
		return all
	}
	for n := 7; n >= 2; n-- {
		for range 2 { // the second is the same text again
			if room, err := in.ConfirmAmong(ctx, among, at, codes[among[n]]); err != nil || room != among[n] {
				t.Fatalf("room %d: %q, %v", n, room, err)
			}
		}
	}
	if n := tries(); n != 0 {
		t.Errorf("right codes cost %d tries", n)
	}
	for n := range 12 {
		if _, err := in.ConfirmAmong(ctx, among, at, "22222222"); !errors.Is(err, registry.ErrCode) {
			t.Fatal(err)
		}
		if got := tries(); got != min(n+1, 10) {
			t.Errorf("%d wrong codes cost %d tries", n+1, got)
		}
	}
	if _, err := in.ConfirmAmong(ctx, among, at, codes["room-1"]); !errors.Is(err, registry.ErrCode) {
		t.Errorf("the right code after too many tries: %v", err)
	}
	if _, err := in.ConfirmAmong(ctx, among, endpoint(phone(t, 2)), codes["room-1"]); !errors.Is(err, registry.ErrCode) {
		t.Errorf("another person: %v", err)
	}
}
