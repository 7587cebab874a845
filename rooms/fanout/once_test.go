package fanout_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// newborn is the room of these tests.
type newborn struct{}

func (newborn) List(context.Context) ([]rooms.RoomConfig, error) {
	return []rooms.RoomConfig{{Name: "newborn"}}, nil
}

// keysOfFile gives a house keys that can change, and a way to promote new ones of hashes.
func (h *house) keysOfFile() (promote func() *vault.Vault) {
	h.t.Helper()
	path := filepath.Join(h.t.TempDir(), "keys.json")
	if err := vault.Create(path); err != nil {
		h.t.Fatal(err)
	}
	o := vault.Options{KeysFile: path}
	open := func() *vault.Vault {
		v, err := vault.Open(h.t.Context(), o)
		if err != nil {
			h.t.Fatal(err)
		}
		h.vault, h.subs = v, registry.NewSubscribers(h.log, v)
		return v
	}
	open()
	return func() *vault.Vault {
		ids, err := o.AddKey(h.t.Context())
		if err == nil {
			err = o.Promote(h.t.Context(), ids.Hash)
		}
		if err != nil {
			h.t.Fatal(err)
		}
		return open()
	}
}

func (h *house) rekey(store registry.MoveStore, v *vault.Vault) error {
	k := registry.Rekeyer{Store: store, Ring: v, Rooms: newborn{}, Log: slog.New(slog.DiscardHandler)}
	_, err := k.Pass(h.t.Context())
	return err
}

// onceEach fails unless message n has one job for each of the first count people.
func (h *house) onceEach(n, count int) {
	h.t.Helper()
	seen := map[string]int{}
	for _, j := range h.jobs(count) {
		if j.UMID != umid(n) {
			h.t.Fatalf("a job of %s", j.UMID)
		}
		seen[h.contact(j)]++
	}
	for who := range count {
		if got := seen[phone(who).Address.Reveal()]; got != 1 {
			h.t.Errorf("message %d: %d jobs for recipient %d", n, got, who)
		}
	}
}

// halfway moves but does not erase, as a mover that is cut short.
type halfway struct{ registry.MoveStore }

func (halfway) EraseSubscriber(context.Context, uint64) error { return nil }

func TestWhoStandsThereTwiceIsReachedOnce(t *testing.T) {
	for name, count := range map[string]int{"small": 30, "seemingly large": 700, "large": 1300} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			promote := h.keysOfFile()
			h.subscribe(count)
			if err := h.rekey(halfway{h.log}, promote()); err != nil {
				t.Fatal(err)
			}
			h.publish(1)
			h.plan()
			h.onceEach(1, count)
		})
	}
}

// Messages are planned while everybody in the room is moved again and again.
func TestPlanningWhileKeysChange(t *testing.T) {
	const rounds, count = 4, 1050
	h := newHouse(t)
	promote := h.keysOfFile()
	h.subscribe(count)
	h.plan()
	for n := range rounds {
		v := promote()
		var moving sync.WaitGroup
		moving.Go(func() {
			if err := h.rekey(h.log, v); err != nil {
				t.Error(err)
			}
		})
		h.publish(1 + n)
		h.onceEach(1+n, count)
		moving.Wait()
	}
}
