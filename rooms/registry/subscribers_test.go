package registry_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

func (h *house) add(room rooms.Room, c rooms.Contact) (rooms.Subscriber, bool) {
	h.t.Helper()
	sub, created, err := h.subs.Add(h.t.Context(), room, c)
	if err != nil {
		h.t.Fatal(err)
	}
	return sub, created
}

// list gives the subscribers of a room, read in parts.
func (h *house) list(room rooms.Room, part int) []rooms.Subscriber {
	h.t.Helper()
	var all []rooms.Subscriber
	for next := uint64(0); ; {
		subs, after, err := h.subs.List(h.t.Context(), room, next, part)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, subs...)
		if next = after; next == 0 {
			return all
		}
	}
}

func TestPersonIsInARoomOnce(t *testing.T) {
	h := newHouse(t)
	first, created := h.add("newborn", email(t, "Ada@Example.com"))
	if !created || first.Room != "newborn" || first.Channel != rooms.Email || time.Since(first.Since) > time.Minute {
		t.Errorf("%+v, created %v", first, created)
	}
	again, created := h.add("newborn", email(t, "ada@example.com"))
	if created || again.ID != first.ID || !again.Since.Equal(first.Since) {
		t.Errorf("again: %+v, created %v", again, created)
	}
	other, created := h.add("school", email(t, "ada@example.com"))
	if !created || other.ID == first.ID {
		t.Error("the same id in two rooms tells that it is the same person")
	}
	if got := h.list("newborn", 10); len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("listed are %+v", got)
	}
}

// Each opens whoever gets messages, in order, and nobody of another room.
func TestEachIsOpened(t *testing.T) {
	h := newHouse(t)
	c := email(t, "ada@example.com")
	c.Language, c.Values = "ky", map[string]rooms.Body{"child": rooms.NewBody("Bek")}
	h.add("newborn", c)
	gone, _ := h.add("newborn", email(t, "gone@example.com"))
	h.add("newborn", email(t, "bob@example.com"))
	h.add("school", email(t, "eve@example.com"))
	resting, _ := h.add("newborn", email(t, "dan@example.com"))
	if _, _, err := h.subs.Pause(t.Context(), "newborn", resting.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := h.subs.Remove(t.Context(), "newborn", gone.ID); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := h.subs.Each(t.Context(), "newborn", func(ch rooms.Channel, open func() (rooms.Contact, error)) error {
		one, err := open()
		got = append(got, string(ch)+" "+one.Address.Reveal()+" "+one.Language+" "+one.Values["child"].Reveal())
		return err
	})
	if want := []string{"email ada@example.com ky Bek", "email bob@example.com  "}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	stop := errors.New("enough")
	if err := h.subs.Each(t.Context(), "newborn", func(rooms.Channel, func() (rooms.Contact, error)) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestManyAddOne(t *testing.T) {
	h := newHouse(t)
	subs := make([]rooms.Subscriber, 20)
	created := make([]bool, len(subs))
	var all sync.WaitGroup
	for n := range subs {
		all.Go(func() {
			var err error
			if subs[n], created[n], err = h.subs.Add(t.Context(), "newborn", phone(t, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	made := 0
	for n := range subs {
		if created[n] {
			made++
		}
		if subs[n].ID != subs[0].ID {
			t.Errorf("ids %s and %s", subs[n].ID, subs[0].ID)
		}
	}
	if got := h.list("newborn", 10); made != 1 || len(got) != 1 {
		t.Errorf("%d made, %d listed", made, len(got))
	}
}

func TestAddMany(t *testing.T) {
	h := newHouse(t)
	h.add("newborn", phone(t, 7))
	h.add("newborn", phone(t, 2400))
	var contacts []rooms.Contact
	for n := range 2450 {
		contacts = append(contacts, phone(t, n))
	}
	contacts = append(contacts, contacts[:50]...) // 2,500, of whom 50 twice and 2 there already
	added, existing, err := h.subs.AddMany(t.Context(), "newborn", contacts)
	if err != nil || added != 2448 || existing != 52 {
		t.Errorf("added %d, existing %d, %v", added, existing, err)
	}
	added, existing, err = h.subs.AddMany(t.Context(), "newborn", contacts)
	if err != nil || added != 0 || existing != 2500 {
		t.Errorf("the second time added %d, existing %d, %v", added, existing, err)
	}
	ids := map[rooms.SubscriberID]bool{}
	last := uint64(0)
	for _, s := range h.list("newborn", 700) {
		if s.Sequence <= last {
			t.Fatalf("sequence %d after %d", s.Sequence, last)
		}
		ids[s.ID], last = true, s.Sequence
	}
	if len(ids) != 2450 {
		t.Errorf("%d listed, want 2450", len(ids))
	}
	if added, existing, err := h.subs.AddMany(t.Context(), "newborn", nil); added != 0 || existing != 0 || err != nil {
		t.Errorf("nobody: %d, %d, %v", added, existing, err)
	}
}

// Two imports of the same people at once: each person comes in once.
func TestTwoImportsAtOnce(t *testing.T) {
	h := newHouse(t)
	var contacts []rooms.Contact
	for n := range 1500 {
		contacts = append(contacts, phone(t, n))
	}
	var sums [2]int
	var all sync.WaitGroup
	for n := range sums {
		all.Go(func() {
			added, existing, err := h.subs.AddMany(t.Context(), "newborn", contacts)
			if err != nil || added+existing != len(contacts) {
				t.Errorf("added %d, existing %d, %v", added, existing, err)
			}
			sums[n] = added
		})
	}
	all.Wait()
	if got := len(h.list("newborn", 1000)); got != 1500 || sums[0]+sums[1] != 1500 {
		t.Errorf("%d listed, %v added, want 1500", got, sums)
	}
}

func TestContactIsSealed(t *testing.T) {
	h := newHouse(t)
	v := h.openKeys()
	c := phone(t, 1)
	c.Name = rooms.NewBody("Dinah")
	sub, _ := h.add("newborn", c)
	for _, s := range []string{c.Address.Reveal(), c.Address.Reveal()[1:], "Dinah", base64.StdEncoding.EncodeToString(c.Encode())[4:20]} {
		if h.onDisk([]byte(s)) {
			t.Errorf("%q is on the disk in the clear", s)
		}
	}
	stored := h.list("newborn", 1)[0]
	plain, err := v.Unseal(stored.Contact, "contact", "newborn", string(sub.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rooms.DecodeContact(plain); err != nil || !bytes.Equal(got.Encode(), c.Encode()) {
		t.Errorf("the contact came back changed: %v", err)
	}
	if _, err := v.Unseal(stored.Contact, "contact", "school", string(sub.ID)); err == nil {
		t.Error("the contact opens for another room")
	}
}

func TestRemovedContactLeavesTheDisk(t *testing.T) {
	h := newHouse(t)
	gone, _ := h.add("newborn", phone(t, 1))
	kept, _ := h.add("newborn", phone(t, 2))
	sealed := []byte(base64.StdEncoding.EncodeToString(gone.Contact))
	if !h.onDisk(sealed) {
		t.Fatal("the sealed contact is not where the test looks for it")
	}
	if err := h.subs.Remove(t.Context(), "newborn", gone.ID); err != nil {
		t.Fatal(err)
	}
	if h.onDisk(sealed) {
		t.Error("the sealed contact is still on the disk")
	}
	if got := h.list("newborn", 10); len(got) != 1 || got[0].ID != kept.ID {
		t.Errorf("left are %+v", got)
	}
	for name, room := range map[string]rooms.Room{"again": "newborn", "in another room": "school"} {
		if err := h.subs.Remove(t.Context(), room, gone.ID); !errors.Is(err, registry.ErrUnknownSubscriber) {
			t.Errorf("removed %s: %v", name, err)
		}
	}
	again, created, err := h.subs.Subscribe(t.Context(), "newborn", rooms.Subscription{Contact: phone(t, 1), Again: true})
	if err != nil || !created || again.ID != gone.ID {
		t.Errorf("who comes back is %+v, created %v, %v", again, created, err)
	}
}

func TestRemoveAll(t *testing.T) {
	h := newHouse(t)
	var sealed [][]byte
	for n := range 5 {
		s, _ := h.add("newborn", phone(t, n))
		sealed = append(sealed, []byte(base64.StdEncoding.EncodeToString(s.Contact)))
	}
	h.add("school", phone(t, 1))
	if err := h.subs.RemoveAll(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if left, other := len(h.list("newborn", 10)), len(h.list("school", 10)); left != 0 || other != 1 {
		t.Errorf("%d are left, and %d of another room", left, other)
	}
	for n, b := range sealed {
		if h.onDisk(b) {
			t.Errorf("the sealed contact %d is still on the disk", n)
		}
	}
}

// Who subscribed under the old key is found under the new one, and not added twice.
func TestRotatedHashKeyFindsThem(t *testing.T) {
	h := newHouse(t)
	old, _ := h.add("newborn", phone(t, 1))
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Promote(h.keys(), added.Hash); err != nil {
		t.Fatal(err)
	}
	h.openKeys()
	if sub, created := h.add("newborn", phone(t, 1)); created || sub.ID != old.ID {
		t.Errorf("after the change of keys: %s, created %v, want %s", sub.ID, created, old.ID)
	}
	n, existing, err := h.subs.AddMany(t.Context(), "newborn", []rooms.Contact{phone(t, 1), phone(t, 2)})
	if err != nil || n != 1 || existing != 1 {
		t.Errorf("added %d, existing %d, %v", n, existing, err)
	}
	if got := len(h.list("newborn", 10)); got != 2 {
		t.Errorf("%d subscribers, want 2", got)
	}
}
