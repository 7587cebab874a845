package registry_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// Who was asked for and did not come in is forgotten in time; nobody else is.
func TestForgottenInTime(t *testing.T) {
	h := newHouse(t)
	in, now := h.invitations(&post{}), time.Now()
	invited, err := in.Ask(t.Context(), rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}, wish(phone(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	requested, err := in.Ask(t.Context(), rooms.RoomConfig{Name: "newborn", Join: rooms.JoinApproval}, wish(phone(t, 2)))
	if err != nil {
		t.Fatal(err)
	}
	member, _, err := h.subs.Add(t.Context(), "newborn", phone(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	f := &registry.Forgetter{Store: h.log, Rooms: roomsOf{"newborn"}, After: 7 * 24 * time.Hour, Log: slog.New(slog.DiscardHandler)}
	for _, tc := range []struct {
		days                       int
		invited, requested, member string
	}{
		{6, "invited", "requested", "active"}, {8, "invited", "gone", "active"}, {10, "gone", "gone", "active"},
	} {
		f.Now = func() time.Time { return now.Add(time.Duration(tc.days) * 24 * time.Hour) }
		if _, err := f.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a, b, c := h.state(invited), h.state(requested), h.state(member.ID); a != tc.invited || b != tc.requested || c != tc.member {
			t.Errorf("after %d days: %s, %s, %s", tc.days, a, b, c)
		}
	}
}
