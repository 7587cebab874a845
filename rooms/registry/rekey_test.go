package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// promote adds a key of each kind, makes it primary, and reads the keys again.
func (h *house) promote() *vault.Vault {
	h.t.Helper()
	ids, err := vault.AddKey(h.keys())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, id := range []uint32{ids.AEAD, ids.Hash} {
		if err := vault.Promote(h.keys(), id); err != nil {
			h.t.Fatal(err)
		}
	}
	return h.openKeys()
}

// retire disables every key that is not primary.
func (h *house) retire() *vault.Vault {
	h.t.Helper()
	o := vault.Options{KeysFile: h.keys()}
	for _, k := range h.openKeys().Keys() {
		if !k.Primary && k.Enabled {
			if err := o.Disable(h.t.Context(), k.ID); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	return h.openKeys()
}

// roomsOf are some rooms by name.
type roomsOf []rooms.Room

func (r roomsOf) List(context.Context) ([]rooms.RoomConfig, error) {
	var all []rooms.RoomConfig
	for _, name := range r {
		all = append(all, rooms.RoomConfig{Name: name})
	}
	return all, nil
}

func (h *house) mover(store registry.MoveStore, v *vault.Vault) *registry.Rekeyer {
	return &registry.Rekeyer{Store: store, Ring: v, Rooms: roomsOf{"newborn", "school"}, Log: slog.New(slog.DiscardHandler)}
}

func (h *house) pass(store registry.MoveStore, v *vault.Vault) registry.Uses {
	h.t.Helper()
	uses, err := h.mover(store, v).Pass(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return uses
}

// contacts are who is in a room, opened, sorted.
func (h *house) contacts(room rooms.Room, v *vault.Vault) []string {
	h.t.Helper()
	var all []string
	for _, s := range h.list(room, 500) {
		plain, err := v.Unseal(s.Contact, "contact", string(s.Room), string(s.ID))
		if err != nil {
			h.t.Fatal(err)
		}
		c, err := rooms.DecodeContact(plain)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, c.Address.Reveal())
	}
	slices.Sort(all)
	return all
}

// people are subscribed to both rooms.
func (h *house) people(count int) (contacts []rooms.Contact, addresses []string) {
	h.t.Helper()
	for n := range count {
		contacts = append(contacts, phone(h.t, n))
		addresses = append(addresses, phone(h.t, n).Address.Reveal())
	}
	for _, room := range []rooms.Room{"newborn", "school"} {
		if added, _, err := h.subs.AddMany(h.t.Context(), room, contacts); err != nil || added != count {
			h.t.Fatalf("added %d: %v", added, err)
		}
	}
	return contacts, addresses
}

// everybodyIs fails unless a room holds exactly these people, each once, found by contact.
func (h *house) everybodyIs(want []string, contacts []rooms.Contact, v *vault.Vault) {
	h.t.Helper()
	for _, room := range []rooms.Room{"newborn", "school"} {
		if got := h.contacts(room, v); !slices.Equal(got, want) {
			h.t.Errorf("%s: %d people, want %d", room, len(got), len(want))
		}
		if added, existing, err := h.subs.AddMany(h.t.Context(), room, contacts); err != nil || added != 0 || existing != len(contacts) {
			h.t.Errorf("%s: %d not found, %v", room, added, err)
		}
	}
}

func TestRekeyMovesEverybody(t *testing.T) {
	h := newHouse(t)
	contacts, want := h.people(260)
	before := h.list("newborn", 1000)
	v := h.promote()
	h.everybodyIs(want, contacts, v)
	uses := h.pass(h.log, v)
	h.everybodyIs(want, contacts, v)
	for _, k := range v.Keys() {
		if n, ok := uses[k.ID]; !ok || k.Primary && n != 520 || !k.Primary && n != 0 {
			t.Errorf("%d use key %+v", n, k)
		}
	}
	since := map[rooms.SubscriberID]rooms.Subscriber{}
	for _, s := range before {
		since[s.ID] = s
	}
	for _, s := range h.list("newborn", 1000) {
		old, ok := since[s.Was]
		if !ok || !s.Since.Equal(old.Since) || s.Channel != old.Channel || s.Origin != old.Sequence || s.ID == s.Was {
			t.Fatalf("%+v took the place of %+v", s, old)
		}
	}
	if h.onDisk(before[0].Contact) {
		t.Error("an old contact is still on disk")
	}
	end := h.list("school", 1000)[259].Sequence
	h.pass(h.log, v) // again changes nothing
	if got := h.list("school", 1000)[259].Sequence; got != end {
		t.Error("a second pass moved somebody")
	}
	h.everybodyIs(want, contacts, h.retire())
}

// TestRekeySealsAnew: with a new sealing key alone, ids stay.
func TestRekeySealsAnew(t *testing.T) {
	h := newHouse(t)
	contacts, want := h.people(100)
	ids, err := vault.Options{KeysFile: h.keys()}.AddKey(t.Context(), vault.AEAD)
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Promote(h.keys(), ids.AEAD); err != nil {
		t.Fatal(err)
	}
	before := h.list("newborn", 1000)
	v := h.openKeys()
	if uses := h.pass(h.log, v); uses[ids.AEAD] != 200 {
		t.Errorf("%v", uses)
	}
	for i, s := range h.list("newborn", 1000) {
		if s.ID != before[i].ID {
			t.Fatal("an id has changed")
		}
	}
	h.everybodyIs(want, contacts, h.retire())
}

// faulty is a store that fails now and then, after having done what it was asked or without.
type faulty struct {
	registry.MoveStore
	calls atomic.Int64
	every int64
}

var errFaulty = errors.New("the store is faulty")

func (f *faulty) fails() bool { return f.calls.Add(1)%f.every == 0 }

func (f *faulty) MoveSubscribers(ctx context.Context, subs []rooms.Subscriber) error {
	if f.fails() {
		return errFaulty
	}
	if err := f.MoveStore.MoveSubscribers(ctx, subs); err != nil || !f.fails() {
		return err
	}
	return errFaulty
}

func (f *faulty) EraseSubscriber(ctx context.Context, sequence uint64) error {
	if f.fails() {
		return errFaulty
	}
	return f.MoveStore.EraseSubscriber(ctx, sequence)
}

// TestRekeyIsResumed wherever a pass was cut short.
func TestRekeyIsResumed(t *testing.T) {
	h := newHouse(t)
	contacts, want := h.people(260)
	v := h.promote()
	f := &faulty{MoveStore: h.log, every: 97}
	cut := 0
	for ; cut < 1000; cut++ {
		if _, err := h.mover(f, v).Pass(t.Context()); err == nil {
			break
		} else if !errors.Is(err, errFaulty) {
			t.Fatal(err)
		}
		if added, _, err := h.subs.AddMany(t.Context(), "newborn", contacts); err != nil || added != 0 {
			t.Fatalf("in between, %d are not found: %v", added, err)
		}
	}
	if cut < 3 {
		t.Errorf("cut short %d times only", cut)
	}
	h.everybodyIs(want, contacts, v)
	h.everybodyIs(want, contacts, h.retire())
}

// TestRekeyByTwo: two nodes that move the same people at once.
func TestRekeyByTwo(t *testing.T) {
	h := newHouse(t)
	contacts, want := h.people(260)
	v := h.promote()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { h.pass(h.log, v) })
	}
	all.Wait()
	h.pass(h.log, v)
	h.everybodyIs(want, contacts, v)
}

// TestLeavingWhileMoved: who leaves, under his old id or his new one, does not come back, and who
// comes is there once.
func TestLeavingWhileMoved(t *testing.T) {
	h := newHouse(t)
	contacts, want := h.people(200)
	old := h.list("newborn", 1000)
	v := h.promote()
	ctx, stop := context.WithCancel(t.Context())
	var moving sync.WaitGroup
	moving.Go(func() {
		for ctx.Err() == nil {
			h.pass(h.log, v)
		}
	})
	gone := map[string]bool{}
	for n := 0; n < len(contacts); n += 5 {
		id := old[n].ID
		if n%2 == 0 {
			if sub, created := h.add("newborn", contacts[n]); created {
				t.Error("somebody was not found")
			} else {
				id = sub.ID
			}
		}
		if err := h.subs.Remove(t.Context(), "newborn", id); err != nil {
			t.Error(err)
		}
		gone[want[n]] = true
	}
	stop()
	moving.Wait()
	h.pass(h.log, v)
	stay := slices.DeleteFunc(slices.Clone(want), func(a string) bool { return gone[a] })
	if got := h.contacts("newborn", v); !slices.Equal(got, stay) {
		t.Errorf("%d are left, want %d", len(got), len(stay))
	}
	for n, c := range contacts {
		_, here, err := h.subs.Subscribed(t.Context(), "newborn", old[n].ID, c)
		if err != nil || here == gone[want[n]] {
			t.Fatalf("%d is here: %v, left: %v; %v", n, here, gone[want[n]], err)
		}
	}
	h.retire()
	if err := h.subs.Remove(t.Context(), "newborn", old[1].ID); !errors.Is(err, registry.ErrUnknownSubscriber) {
		t.Errorf("an id of a key that is disabled: %v", err)
	}
}
