package registry_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// node is one that starts with a key file.
func (h *house) node(file string) (*registry.KeysInUse, error) {
	h.t.Helper()
	n := &registry.KeysInUse{Store: h.log}
	return n, n.Check(h.t.Context(), h.read(file))
}

func (h *house) read(file string) []vault.Key {
	h.t.Helper()
	v, err := vault.Open(h.t.Context(), vault.Options{KeysFile: file})
	if err != nil {
		h.t.Fatal(err)
	}
	return v.Keys()
}

// A store that was written with some keys is not opened with others: the first start notes them.
func TestOtherKeysAreRefused(t *testing.T) {
	h := newHouse(t)
	other := h.dir + "/other.json"
	if err := vault.Create(other); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{h.keys(), h.keys()} {
		if _, err := h.node(file); err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.node(other)
	if !errors.Is(err, registry.ErrOtherKeys) || !strings.Contains(err.Error(), "; missing: key ") {
		t.Errorf("with others: %v", err)
	}
	if _, err := h.node(h.keys()); err != nil {
		t.Errorf("with its own again: %v", err)
	}
}

// Two nodes go through a change of keys, each at its own pace; a third one was down all the while.
func TestKeysInUseFollowAChange(t *testing.T) {
	h := newHouse(t)
	start := func() *registry.KeysInUse {
		t.Helper()
		n, err := h.node(h.keys())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	note := func(nodes ...*registry.KeysInUse) {
		t.Helper()
		for _, n := range nodes {
			if err := n.Note(t.Context(), h.read(h.keys())); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, second := start(), start()
	start()
	h.copyKeys(h.dir + "/before.json")
	former := h.read(h.keys())
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	note(first)
	if _, err := h.node(h.dir + "/before.json"); err != nil {
		t.Errorf("nothing is written with the new key yet: %v", err)
	}
	o := vault.Options{KeysFile: h.keys()}
	each(t, []uint32{added.AEAD, added.Hash}, func(id uint32) error { return o.Promote(t.Context(), id) })
	note(first, second)
	if _, err := h.node(h.dir + "/before.json"); !errors.Is(err, registry.ErrOtherKeys) {
		t.Errorf("a copy of before: %v", err)
	}
	ids := []uint32{former[0].ID, former[1].ID}
	each(t, ids, func(id uint32) error { return o.Disable(t.Context(), id) })
	note(first)
	start()
	each(t, ids, func(id uint32) error { return o.Delete(t.Context(), id) })
	note(first, second)
	start()
	if ids, _, err := h.log.KeysInUse(t.Context()); err != nil || len(ids) != 2 {
		t.Errorf("in use are %v, %v", ids, err)
	}
}

func each(t *testing.T, ids []uint32, do func(uint32) error) {
	t.Helper()
	for _, id := range ids {
		if err := do(id); err != nil {
			t.Fatal(err)
		}
	}
}

// copyKeys copies the key file.
func (h *house) copyKeys(to string) {
	h.t.Helper()
	data, err := os.ReadFile(h.keys())
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}
