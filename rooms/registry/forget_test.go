package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
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

// looks counts what a Forgetter looks at.
type looks struct {
	registry.ForgetStore
	former, rooms, erased int
}

func (l *looks) EraseFormer(context.Context) (int, error) { l.former++; return 0, nil }
func (l *looks) KeepErased(context.Context) error         { l.erased++; return errors.New("not now") }
func (l *looks) ScanSubscribers(context.Context, rooms.Room, uint64, func(rooms.Subscriber) error) error {
	l.rooms++
	return nil
}

// What a crash has left of entries goes at once and each minute; the rest is looked at each hour.
func TestHowOftenIsForgotten(t *testing.T) {
	for last, want := range map[time.Duration]looks{time.Second: {nil, 1, 1, 1}, 31*time.Minute - 1: {nil, 31, 1, 1}, time.Hour + 1: {nil, 61, 2, 2}} {
		synctest.Test(t, func(t *testing.T) {
			l := &looks{}
			f := &registry.Forgetter{Store: l, Persons: l, Rooms: roomsOf{"newborn"}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
			ctx, cancel := context.WithTimeout(t.Context(), last)
			defer cancel()
			if err := f.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || *l != want {
				t.Errorf("in %s %+v, want %+v: %v", last, *l, want, err)
			}
		})
	}
}
