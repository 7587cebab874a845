package registry_test

import (
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// Who was only asked for is let in by an admin, one at a time or with many, as the admin says, and once.
func TestAdminAdmitsWhoWaits(t *testing.T) {
	h, p := newHouse(t), &post{}
	in, ctx := h.invitations(p), t.Context()
	for n, join := range map[int]rooms.Join{1: rooms.JoinOpen, 2: rooms.JoinApproval, 3: rooms.JoinOpen, 4: rooms.JoinApproval} {
		if _, err := in.Ask(ctx, rooms.RoomConfig{Name: "newborn", Join: join}, wish(phone(t, n))); err != nil {
			t.Fatal(err)
		}
	}
	said := func(n int) rooms.Subscription {
		return rooms.Subscription{Contact: phone(t, n), Consent: rooms.Consent{By: "admin", Purpose: "floods"}}
	}
	for n := 1; n <= 2; n++ {
		for _, want := range []bool{true, false} {
			if sub, created, err := h.subs.Subscribe(ctx, "newborn", said(n)); err != nil || created != want || sub.Waits() {
				t.Errorf("%d: created %t, %+v, %v", n, created, sub, err)
			}
		}
	}
	many := []rooms.Subscription{said(1), said(3), said(4), said(3), said(5)}
	if sums, err := h.subs.SubscribeMany(ctx, "newborn", many); err != nil || sums != (registry.Sums{Added: 3, Existing: 2}) {
		t.Errorf("%+v, %v", sums, err)
	}
	for n := 1; n <= 5; n++ {
		sub, person, err := h.subs.Get(ctx, "newborn", h.subs.ID("newborn", phone(t, n)))
		if err != nil || sub.State != rooms.SubscriberActive || sub.Invitation.Nonce != "" || person.Consent.By != "admin" {
			t.Errorf("%d: %+v, %+v, %v", n, sub, person.Consent, err)
		}
	}
}
