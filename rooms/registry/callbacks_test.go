package registry_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

func (h *house) callbacks(v *vault.Vault) *registry.Callbacks {
	return &registry.Callbacks{Store: h.log, Vault: v, KeepSecret: 24 * time.Hour, Now: noon}
}

func TestCallbackLife(t *testing.T) {
	h := newHouse(t)
	c := h.callbacks(h.openKeys())
	for _, err := range []error{
		func() error { _, err := c.Get(t.Context(), "hosp-7"); return err }(),
		func() error { _, err := c.Rotate(t.Context(), "hosp-7"); return err }(), c.Remove(t.Context(), "hosp-7"),
	} {
		if !errors.Is(err, registry.ErrUnknownCallback) {
			t.Errorf("before: %v", err)
		}
	}
	made, err := c.Set(t.Context(), "hosp-7", at(t, "https://app.example/canary-path"))
	if err != nil || !made.Fresh || len(made.To.Signing) != 1 || !made.Since.Equal(noon()) {
		t.Fatalf("%+v, %v", made, err)
	}
	secret := made.To.Signing[0].Secret.Reveal()
	changed, err := c.Set(t.Context(), "hosp-7", at(t, "https://app.example/other"))
	if err != nil || changed.Fresh || changed.To.Signing[0].Secret.Reveal() != secret || changed.To.Address.Reveal() != "https://app.example/other" {
		t.Errorf("%+v, %v", changed, err)
	}
	var all sync.WaitGroup
	for range 3 { // at once, and none is lost
		all.Go(func() {
			if r, err := c.Rotate(t.Context(), "hosp-7"); err != nil || !r.Fresh {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := c.Get(t.Context(), "hosp-7")
	if err != nil || len(got.To.Signing) != 4 || got.To.Signing[3].Secret.Reveal() != secret || got.Fresh {
		t.Errorf("%d secrets, %v", len(got.To.Signing), err)
	}
	if h.onDisk([]byte("canary-path")) || h.onDisk([]byte(secret)) {
		t.Error("URL or secret is on disk in the clear")
	}
	if err := c.Remove(t.Context(), "hosp-7"); err != nil {
		t.Fatal(err)
	}
	again, err := c.Set(t.Context(), "hosp-7", at(t, "https://app.example/"))
	if err != nil || !again.Fresh || again.To.Signing[0].Secret.Reveal() == secret {
		t.Errorf("%+v, %v", again, err)
	}
	c.Allowed = func(rooms.Address) error { return rooms.ErrAddress }
	if _, err := c.Set(t.Context(), "hosp-8", at(t, "https://app.example/")); !errors.Is(err, rooms.ErrAddress) {
		t.Errorf("not allowed: %v", err)
	}
}

// A secret alone is no callback, signs all the same, and is shown once there is one.
func TestSecretWithoutCallback(t *testing.T) {
	h := newHouse(t)
	c := h.callbacks(h.openKeys())
	for range 2 {
		if err := c.Sign(t.Context(), "hosp-7"); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := c.Signer(t.Context(), "hosp-7")
	if err != nil || len(kept.To.Signing) != 1 {
		t.Fatalf("%+v, %v", kept, err)
	}
	_, err = c.Get(t.Context(), "hosp-7")
	_, rotated := c.Rotate(t.Context(), "hosp-7")
	if !errors.Is(err, registry.ErrUnknownCallback) || !errors.Is(rotated, registry.ErrUnknownCallback) {
		t.Errorf("%v, %v", err, rotated)
	}
	secret := kept.To.Signing[0].Secret.Reveal()
	made, err := c.Set(t.Context(), "hosp-7", at(t, "https://app.example/"))
	if err != nil || !made.Fresh || made.To.Signing[0].Secret.Reveal() != secret {
		t.Errorf("%+v, %v", made, err)
	}
	if err := c.Sign(t.Context(), "hosp-7"); err != nil {
		t.Error(err)
	}
	if got, err := c.Get(t.Context(), "hosp-7"); err != nil || got.To.Address.Reveal() != "https://app.example/" || got.To.Signing[0].Secret.Reveal() != secret {
		t.Errorf("%+v, %v", got, err)
	}
}

// What signs is shown as often as a key is made, until the client itself was shown it.
func TestSecretIsShownUntilThereIsACallback(t *testing.T) {
	h := newHouse(t)
	c := h.callbacks(h.openKeys())
	first, err := c.Secret(t.Context(), "hosp-7")
	again, errA := c.Secret(t.Context(), "hosp-7")
	kept, errK := c.Signer(t.Context(), "hosp-7")
	if err != nil || errA != nil || errK != nil || first.IsZero() || again.Reveal() != first.Reveal() || kept.To.Signing[0].Secret.Reveal() != first.Reveal() {
		t.Fatalf("%v, %v, %v", err, errA, errK)
	}
	if e, err := h.log.Client(t.Context(), "hosp-7"); err != nil || !e.Nowhere {
		t.Errorf("%+v, %v", e.Nowhere, err)
	}
	if made, err := c.Set(t.Context(), "hosp-7", at(t, "https://app.example/")); err != nil || !made.Fresh {
		t.Errorf("%v", err)
	}
	if s, err := c.Secret(t.Context(), "hosp-7"); err != nil || !s.IsZero() {
		t.Errorf("shown after the client has set a callback: %v", err)
	}
	if e, err := h.log.Client(t.Context(), "hosp-7"); err != nil || e.Nowhere {
		t.Errorf("%+v, %v", e.Nowhere, err)
	}
}

func TestCallbacksAreRekeyed(t *testing.T) {
	h := newHouse(t)
	before := h.callbacks(h.openKeys())
	made, err := before.Set(t.Context(), "hosp-7", at(t, "https://app.example/"))
	if err != nil {
		t.Fatal(err)
	}
	v := h.promote()
	m := h.mover(h.log, v)
	m.Clients = h.log
	for range 2 {
		uses, err := m.Pass(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range v.Keys() {
			if want := 0; k.Kind == vault.AEAD {
				if k.Primary {
					want = 1
				}
				if uses[k.ID] != want {
					t.Errorf("%d use key %+v", uses[k.ID], k)
				}
			}
		}
	}
	got, err := h.callbacks(h.retire()).Get(t.Context(), "hosp-7")
	if err != nil || got.To.Signing[0].Secret.Reveal() != made.To.Signing[0].Secret.Reveal() {
		t.Errorf("%v", err)
	}
}
