package registry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// sums are what becomes of people who are to subscribe to newborn.
func (h *house) sums(people ...rooms.Subscription) registry.Sums {
	h.t.Helper()
	sums, err := h.subs.SubscribeMany(h.t.Context(), "newborn", people)
	if err != nil {
		h.t.Fatal(err)
	}
	return sums
}

func (h *house) leaves(c rooms.Contact) {
	h.t.Helper()
	if err := h.subs.Remove(h.t.Context(), "newborn", h.subs.ID("newborn", c)); err != nil {
		h.t.Fatal(err)
	}
}

func justIn(c rooms.Contact) rooms.Subscription { return rooms.Subscription{Contact: c} }

// Whoever has left stays out, whatever list names him and by whichever of his contacts, until he wants to come back.
func TestWhoHasLeftStaysOut(t *testing.T) {
	h := newHouse(t)
	both, at := phone(t, 1), email(t, "ada@example.com")
	both.Others = []rooms.Endpoint{{Channel: at.Channel, Address: at.Address}}
	if got := h.sums(justIn(both), justIn(phone(t, 2))); got.Added != 2 {
		t.Fatalf("%+v", got)
	}
	h.leaves(phone(t, 1))
	other := phone(t, 3)
	other.Others = both.Others
	if got, want := h.sums(justIn(both), justIn(at), justIn(other), justIn(phone(t, 2)), justIn(phone(t, 4))), (registry.Sums{Added: 1, Existing: 1, Left: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, created, err := h.subs.Subscribe(t.Context(), "newborn", justIn(at)); !errors.Is(err, registry.ErrLeft) || created {
		t.Errorf("alone: %t, %v", created, err)
	}
	if _, created := h.add("school", at); !created {
		t.Error("kept out of another room")
	}
	before, since := justIn(both), justIn(both)
	before.Wanted, since.Wanted = time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
	if got := h.sums(before); got.Left != 1 {
		t.Errorf("wanted before he left: %+v", got)
	}
	if got := h.sums(since); got.Added != 1 {
		t.Errorf("wanted since: %+v", got)
	}
	h.leaves(phone(t, 1))
	again := justIn(both)
	again.Again = true
	if _, created, err := h.subs.Subscribe(t.Context(), "newborn", again); err != nil || !created {
		t.Errorf("taken back: %t, %v", created, err)
	}
	if got := h.sums(justIn(both)); got.Existing != 1 {
		t.Errorf("who is back: %+v", got)
	}
}

// Who has left and is asked comes back by his own code only: neither a stranger who asks for him nor a list that names him
// while he waits makes him a subscriber.
func TestWhoHasLeftConfirmsHimself(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, ctx := h.invitations(p), t.Context()
	h.add("newborn", phone(t, 1))
	h.leaves(phone(t, 1))
	id, err := in.Ask(ctx, rooms.RoomConfig{Name: "newborn", Join: rooms.JoinOpen}, wish(phone(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.sums(justIn(phone(t, 1))); got.Left != 1 || h.state(id) != "invited" {
		t.Errorf("%+v, %s", got, h.state(id))
	}
	if _, _, err := h.subs.Subscribe(ctx, "newborn", justIn(phone(t, 1))); !errors.Is(err, registry.ErrLeft) || h.state(id) != "invited" {
		t.Errorf("%v, %s", err, h.state(id))
	}
	if _, err := in.Confirm(ctx, "newborn", id, p.last(t).Code); err != nil || h.state(id) != "active" {
		t.Errorf("%v, %s", err, h.state(id))
	}
}

// Who was not let in has not left; who says STOP without being there stays out; and a new room of the name begins empty.
func TestWhatIsNoLeaving(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, ctx := h.invitations(p), t.Context()
	room := rooms.RoomConfig{Name: "newborn", Join: rooms.JoinApproval}
	id, err := in.Ask(ctx, room, wish(phone(t, 1)))
	if err == nil {
		err = in.Decline(ctx, room, id)
	}
	if err == nil {
		err = h.subs.StayOut(ctx, "newborn", rooms.Endpoint{Channel: rooms.SMS, Address: phone(t, 2).Address})
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.sums(justIn(phone(t, 1)), justIn(phone(t, 2))), (registry.Sums{Added: 1, Left: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if err := h.subs.RemoveAll(ctx, "newborn"); err != nil {
		t.Fatal(err)
	}
	if got := h.sums(justIn(phone(t, 1)), justIn(phone(t, 2))); got.Added != 2 {
		t.Errorf("of a new room: %+v", got)
	}
}

// Who has left is known under a new key as long as the former is enabled, and, once a list has named him, without it.
func TestWhoHasLeftOutlastsKeys(t *testing.T) {
	h := newHouse(t)
	h.add("newborn", phone(t, 1))
	h.leaves(phone(t, 1))
	uses := func() registry.Uses {
		t.Helper()
		uses, err := registry.LeftUses(t.Context(), h.log)
		if err != nil {
			t.Fatal(err)
		}
		return uses
	}
	h.promote()
	before := uses()
	if got := h.sums(justIn(phone(t, 1))); got.Left != 1 {
		t.Errorf("under a new key: %+v", got)
	}
	for key := range before {
		if now := uses(); before[key] != 1 || now[key] != 0 || len(now) != 1 {
			t.Errorf("needed are %v, then %v", before, now)
		}
	}
	h.retire()
	if got := h.sums(justIn(phone(t, 1))); got.Left != 1 {
		t.Errorf("without the former key: %+v", got)
	}
}

// leaver has somebody do something between the look for who has left and what is noted after it, once.
type leaver struct {
	registry.SubscriberStore
	meanwhile func()
}

func (l *leaver) FindLeft(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Left, error) {
	found, err := l.SubscriberStore.FindLeft(ctx, room, ids)
	if do := l.meanwhile; do != nil {
		l.meanwhile = nil
		do()
	}
	return found, err
}

// Who leaves again while it is noted under a new key that he has left has left at the later moment.
func TestWhoLeavesAgainHasLeftLater(t *testing.T) {
	h := newHouse(t)
	h.add("newborn", phone(t, 1))
	h.leaves(phone(t, 1))
	h.promote()
	id, later := h.subs.ID("newborn", phone(t, 1)), time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	l := &leaver{SubscriberStore: h.log, meanwhile: func() {
		if err := h.log.PutLeft(t.Context(), "newborn", []rooms.Left{{ID: id, At: later}}); err != nil {
			t.Fatal(err)
		}
	}}
	wanted := justIn(phone(t, 1))
	wanted.Wanted = later.Add(-time.Minute)
	sums, err := registry.NewSubscribers(l, h.openKeys()).SubscribeMany(t.Context(), "newborn", []rooms.Subscription{wanted})
	if err != nil || sums.Left != 1 {
		t.Errorf("%+v, %v", sums, err)
	}
	if found, err := h.log.FindLeft(t.Context(), "newborn", []rooms.SubscriberID{id}); err != nil || len(found) != 1 || !found[0].At.Equal(later) {
		t.Errorf("noted is %v, want %s: %v", found, later, err)
	}
}
