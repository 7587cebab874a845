package registry_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// webhooks keeps those of a room that clinic-4 and clinic-5 may read.
func (h *house) webhooks(v *vault.Vault) *registry.Webhooks {
	h.t.Helper()
	r := h.rooms()
	if _, err := r.Create(h.t.Context(), rooms.RoomConfig{Name: "newborn", Readers: []rooms.Client{"clinic-4", "clinic-5"}}); err != nil && !errors.Is(err, registry.ErrExists) {
		h.t.Fatal(err)
	}
	return &registry.Webhooks{Store: h.log, Vault: v, Rooms: r, KeepSecret: 24 * time.Hour, Now: noon}
}

func at(t *testing.T, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseURL(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func addHook(t *testing.T, w *registry.Webhooks, owner rooms.Client, url string) registry.Webhook {
	t.Helper()
	made, err := w.Add(t.Context(), "newborn", owner, at(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func hooksOf(t *testing.T, w *registry.Webhooks, part int) (all []registry.Webhook) {
	t.Helper()
	for next := uint64(0); ; {
		page, after, err := w.List(t.Context(), "newborn", next, part)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if next = after; next == 0 {
			return all
		}
	}
}

func TestWebhookLife(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	h.people(20)
	made := addHook(t, w, "clinic-4", "https://app.example:8443/canary-path")
	if made.Host() != "app.example:8443" || made.Owner != "clinic-4" || made.Channel != rooms.Webhook || !made.Since.Equal(noon()) {
		t.Errorf("%+v", made)
	}
	secret := made.To.Signing[0].Secret.Reveal()
	for _, owner := range []rooms.Client{"clinic-4", "clinic-5"} {
		if _, err := w.Add(t.Context(), "newborn", owner, at(t, "https://APP.example:8443/canary-path")); !errors.Is(err, registry.ErrWebhookExists) {
			t.Errorf("the same URL for %s: %v", owner, err)
		}
	}
	addHook(t, w, "clinic-5", "https://app.example:8443/Canary-path") // another path
	all := hooksOf(t, w, 1)
	if len(all) != 2 || all[0].ID != made.ID || all[0].To.Address.Reveal() != "https://app.example:8443/canary-path" || all[1].Owner != "clinic-5" {
		t.Errorf("listed %+v", all)
	}
	if subs := h.list("newborn", 5); len(subs) != 22 || subs[20].Channel != rooms.Webhook {
		t.Errorf("%d are subscribed", len(subs))
	}
	if h.onDisk([]byte("canary-path")) || h.onDisk([]byte(secret)) {
		t.Error("URL or secret is on disk in the clear")
	}
	if err := w.Remove(t.Context(), "newborn", made.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Remove(t.Context(), "newborn", made.ID); !errors.Is(err, registry.ErrUnknownWebhook) {
		t.Errorf("removed twice: %v", err)
	}
	if h.onDisk(all[0].Contact) {
		t.Error("what was removed is on disk")
	}
	if err := h.subs.Remove(t.Context(), "newborn", all[1].ID); err != nil { // an admin removes it as a subscriber
		t.Errorf("%v", err)
	}
	if left := hooksOf(t, w, 10); len(left) != 0 || len(h.list("newborn", 100)) != 20 {
		t.Errorf("%d left", len(left))
	}
	addHook(t, w, "clinic-4", "https://app.example/")
	if err := h.subs.RemoveAll(t.Context(), "newborn"); err != nil || len(hooksOf(t, w, 10)) != 0 {
		t.Errorf("a webhook outlives its room: %v", err)
	}
}

func TestWebhookRotates(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	made := addHook(t, w, "clinic-4", "https://app.example/")
	former := made.To.Signing[0].Secret.Reveal()
	var all sync.WaitGroup
	for range 3 { // at once, and none is lost
		all.Go(func() {
			if _, err := w.Rotate(t.Context(), "newborn", made.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := w.Get(t.Context(), "newborn", made.ID)
	if err != nil || len(got.To.Signing) != 4 || got.To.Signing[3].Secret.Reveal() != former || !got.To.Signing[3].Until.Equal(noon().Add(24*time.Hour)) || !got.To.Signing[0].Until.IsZero() {
		t.Errorf("%d secrets, %v", len(got.To.Signing), err)
	}
	if got.Origin == 0 || got.Was != made.ID || !got.Since.Equal(made.Since) || got.Owner != "clinic-4" {
		t.Errorf("%+v took the place of %+v", got.Subscriber, made.Subscriber)
	}
	if _, err := w.Rotate(t.Context(), "newborn", "x-A3KT_x5LGBKUkGffPhKIm7gJs"); !errors.Is(err, registry.ErrUnknownWebhook) {
		t.Errorf("nobody's: %v", err)
	}
}

// A client has at most 20, even if it asks for many at once.
func TestQuotaOfWebhooks(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	addHook(t, w, "clinic-5", "https://other.example/")
	var all sync.WaitGroup
	errs := make(chan error, 30)
	for n := range 30 {
		all.Go(func() {
			_, err := w.Add(t.Context(), "newborn", "clinic-4", at(t, fmt.Sprintf("https://app.example/%d", n)))
			errs <- err
		})
	}
	all.Wait()
	added := 0
	for range 30 {
		switch err := <-errs; {
		case err == nil:
			added++
		case !errors.Is(err, registry.ErrQuota):
			t.Error(err)
		}
	}
	if left := hooksOf(t, w, 7); added != registry.MaxWebhooks || len(left) != registry.MaxWebhooks+1 {
		t.Errorf("%d added, %d there", added, len(left))
	}
	if _, err := w.Add(t.Context(), "newborn", "clinic-4", at(t, "https://app.example/more")); !errors.Is(err, registry.ErrQuota) {
		t.Errorf("one more: %v", err)
	}
}

func TestWhoMayNotReadIsNotCalled(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	made := addHook(t, w, "clinic-4", "https://app.example/")
	rotated, err := w.Rotate(t.Context(), "newborn", made.ID)
	if err != nil {
		t.Fatal(err)
	}
	asked := func() (rooms.Contact, bool) {
		t.Helper()
		now, here, err := w.Subscribed(t.Context(), "newborn", made.ID, made.To)
		if err != nil {
			t.Fatal(err)
		}
		return now, here
	}
	if now, here := asked(); !here || now.Signing[0].Secret.Reveal() != rotated.To.Signing[0].Secret.Reveal() {
		t.Error("not there, or with the secret of then")
	}
	r := w.Rooms.(*registry.Rooms)
	for _, readers := range [][]rooms.Client{{"clinic-5"}, {"clinic-4"}, nil} {
		c, err := r.Get(t.Context(), "newborn")
		if err != nil {
			t.Fatal(err)
		}
		c.Readers = readers
		if _, err := r.Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, here := asked(); here != c.MayRead("clinic-4") {
			t.Errorf("with the readers %v it is there: %v", readers, here)
		}
	}
	c, _ := r.Get(t.Context(), "newborn")
	c.Readers = []rooms.Client{"clinic-4"}
	if _, err := r.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := w.Remove(t.Context(), "newborn", made.ID); err != nil {
		t.Fatal(err)
	}
	if _, here := asked(); here {
		t.Error("removed, and there")
	}
	if err := r.Delete(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if _, here := asked(); here {
		t.Error("there in a room that is not")
	}
}

// Keys change: webhooks are moved with the people, and found by the id that they had.
func TestWebhooksAreRekeyed(t *testing.T) {
	h := newHouse(t)
	h.people(300)
	before := h.webhooks(h.openKeys())
	made := addHook(t, before, "clinic-4", "https://app.example/")
	v := h.promote()
	w := h.webhooks(v)
	if _, err := w.Add(t.Context(), "newborn", "clinic-5", at(t, "https://app.example/")); !errors.Is(err, registry.ErrWebhookExists) {
		t.Errorf("before it is moved it is not found: %v", err)
	}
	h.pass(h.log, v)
	h.pass(h.log, v)
	w.Vault = h.retire()
	got, err := w.Get(t.Context(), "newborn", made.ID)
	if err != nil || got.ID == made.ID || got.Was != made.ID || got.Owner != "clinic-4" || !bytes.Equal(got.To.Encode(), made.To.Encode()) {
		t.Fatalf("%+v, %v", got, err)
	}
	if all := hooksOf(t, w, 10); len(all) != 1 {
		t.Errorf("%d webhooks", len(all))
	}
	if _, here, err := w.Subscribed(t.Context(), "newborn", made.ID, made.To); err != nil || !here {
		t.Errorf("of a message planned before: %v, %v", here, err)
	}
	if err := w.Remove(t.Context(), "newborn", made.ID); err != nil || len(hooksOf(t, w, 10)) != 0 {
		t.Errorf("removed by the id it had: %v", err)
	}
}

func TestWhatIsNotAllowedIsNotStored(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	w.Allowed = func(rooms.Address) error { return rooms.ErrAddress }
	if _, err := w.Add(t.Context(), "newborn", "clinic-4", at(t, "https://app.example/")); !errors.Is(err, rooms.ErrAddress) || len(hooksOf(t, w, 10)) != 0 {
		t.Errorf("%v", err)
	}
}

// A subscription to one type keeps its type when its secret or its time changes.
func TestWebhookOfOneType(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	made, err := w.Subscribe(t.Context(), "newborn", "clinic-4", at(t, "https://app.example/newBirth"), "newbirth", 60)
	if err != nil || made.Only != "newbirth" || made.TTL != 60 {
		t.Fatalf("%+v, %v", made, err)
	}
	if made, err = w.Pace(t.Context(), "newborn", made.ID, 120); err != nil || made.TTL != 120 || made.Only != "newbirth" {
		t.Errorf("%+v, %v", made, err)
	}
	if made, err = w.Rotate(t.Context(), "newborn", made.ID); err != nil {
		t.Fatal(err)
	}
	if got := hooksOf(t, w, 10); len(got) != 1 || got[0].Only != "newbirth" || got[0].TTL != 120 || got[0].Owner != "clinic-4" || len(got[0].To.Signing) != 2 {
		t.Errorf("%+v", got)
	}
	if _, err := w.Pace(t.Context(), "newborn", "none", 1); !errors.Is(err, registry.ErrUnknownWebhook) {
		t.Errorf("one that is not there: %v", err)
	}
}
