package registry_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// What is known of a person is changed without losing a change of somebody else, and keeps its id.
func TestSubscriberIsChanged(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	sub, _, err := h.subs.Subscribe(ctx, "newborn", wish(phone(t, 1)))
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := h.subs.Get(ctx, "newborn", sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	language := func(l string) registry.Change {
		return func(_ *rooms.Subscriber, p *rooms.Subscription) error { p.Contact.Language = l; return nil }
	}
	second, _, err := h.subs.Update(ctx, "newborn", sub.ID, first.Sequence, language("ky"))
	if err != nil || second.Sequence == first.Sequence {
		t.Fatal(err)
	}
	if _, _, err := h.subs.Update(ctx, "newborn", sub.ID, first.Sequence, language("de")); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("what was read is another by now: %v", err)
	}
	others := 0
	_, _, err = h.subs.Update(ctx, "newborn", sub.ID, 0, func(_ *rooms.Subscriber, p *rooms.Subscription) error {
		if others++; others == 1 { // somebody else is quicker
			if _, _, err := h.subs.Update(ctx, "newborn", sub.ID, 0, language("fr")); err != nil {
				t.Error(err)
			}
		}
		p.Contact.Name = rooms.NewBody("Aida")
		p.Contact.Address = phone(t, 2).Address // is not taken
		return nil
	})
	now, p, gerr := h.subs.Get(ctx, "newborn", sub.ID)
	if err != nil || gerr != nil || others != 2 || p.Contact.Language != "fr" || p.Contact.Name.Reveal() != "Aida" || p.Consent.Purpose != "reminders" ||
		now.ID != sub.ID || p.Contact.Address.Same() != phone(t, 1).Address.Same() {
		t.Errorf("%v %v, %d times: %+v", err, gerr, others, now)
	}
	if _, _, err := h.subs.Update(ctx, "newborn", "nobody", 0, language("de")); !errors.Is(err, registry.ErrUnknownSubscriber) {
		t.Errorf("nobody: %v", err)
	}
}

// A change of keys carries all of a subscriber over, who is still found by his former id, also when he changes afterwards.
func TestAllOfASubscriberIsRekeyed(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	c := phone(t, 1)
	c.Others = []rooms.Endpoint{endpoint(email(t, "a@example.com"))}
	c.Language, c.Values = "ky", map[string]rooms.Body{"district": rooms.NewBody("emme")}
	sub, _, err := h.subs.Subscribe(ctx, "newborn", wish(c))
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	if _, _, err := h.subs.Pause(ctx, "newborn", sub.ID, until); err != nil {
		t.Fatal(err)
	}
	known := h.rooms()
	if _, err := known.Create(ctx, rooms.RoomConfig{Name: "newborn"}); err != nil {
		t.Fatal(err)
	}
	o := vault.Options{KeysFile: h.keys()}
	ids, err := o.AddKey(ctx)
	if err == nil {
		err = errors.Join(o.Promote(ctx, ids.Hash), o.Promote(ctx, ids.AEAD))
	}
	if err != nil {
		t.Fatal(err)
	}
	k := registry.Rekeyer{Store: h.log, Ring: h.openKeys(), Rooms: known, Log: slog.New(slog.DiscardHandler)}
	uses, err := k.Pass(ctx)
	if err != nil || uses[ids.Hash] != 1 || uses[ids.AEAD] != 1 {
		t.Fatalf("%v %v", uses, err)
	}
	for range 2 {
		now, p, err := h.subs.Get(ctx, "newborn", sub.ID)
		if err != nil || now.ID == sub.ID || now.State != rooms.SubscriberPaused || !now.Until.Equal(until) || p.Contact.Language != "ky" ||
			len(p.Contact.Others) != 1 || p.Contact.Values["district"].Reveal() != "emme" || p.Consent.Purpose != "reminders" {
			t.Fatalf("%+v %v", now, err)
		}
		if _, _, err := h.subs.Pause(ctx, "newborn", sub.ID, until); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.subs.Remove(ctx, "newborn", sub.ID); err != nil {
		t.Errorf("by the former id: %v", err)
	}
}
