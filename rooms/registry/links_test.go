package registry_test

import (
	"context"
	"errors"
	"path"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// Who follows the link of an old message is found whatever keys have changed since, and one that says no contact is
// not told that he is gone when he may be there.
func TestLeavingByAnOldLink(t *testing.T) {
	for name, rotate := range map[string]func(h *house){
		"two rotations": func(h *house) {
			for range 2 {
				h.pass(h.log, h.promote())
			}
		},
		"key disabled": func(h *house) {
			h.pass(h.log, h.promote())
			o := vault.Options{KeysFile: h.keys()}
			for _, k := range h.openKeys().Keys() {
				if k.Kind == vault.Hashing && !k.Primary {
					if err := o.Disable(h.t.Context(), k.ID); err != nil {
						h.t.Fatal(err)
					}
				}
			}
			h.openKeys()
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			member, _, err := h.subs.Add(t.Context(), "newborn", email(t, "A.b@example.com"))
			if err != nil {
				t.Fatal(err)
			}
			links := &registry.Links{Vault: h.openKeys()}
			links.Serve("https://crier.example")
			full := links.Leave("newborn", member.ID, email(t, "A.b@example.com"))
			bare := links.Leave("newborn", member.ID, email(t, "c@example.com")) // as links were once
			rotate(h)
			links.Vault = h.openKeys()
			find := func(link rooms.Address) (rooms.Subscriber, error) {
				room, id, at, err := links.OpenLeave(path.Base(link.Reveal()))
				if err != nil {
					t.Fatal(err)
				}
				return h.subs.Find(t.Context(), room, id, at)
			}
			if _, err := find(bare); !errors.Is(err, registry.ErrLink) {
				t.Errorf("without a contact: %v", err)
			}
			sub, err := find(full)
			if err != nil || sub.ID == member.ID {
				t.Fatalf("not found: %v", err)
			}
			if err := h.subs.Remove(t.Context(), "newborn", sub.ID); err != nil || len(h.list("newborn", 10)) != 0 {
				t.Errorf("still there: %v", err)
			}
			if _, err := find(full); !errors.Is(err, registry.ErrUnknownSubscriber) {
				t.Errorf("gone: %v", err)
			}
		})
	}
}

// slowScan counts who searches at once.
type slowScan struct {
	registry.SubscriberStore
	now, most atomic.Int32
}

func (s *slowScan) ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	return s.SubscriberStore.ScanSubscribers(ctx, room, after, fn)
}

// However many ask for ids of old, one room is searched at a time.
func TestSearchesWaitForEachOther(t *testing.T) {
	h := newHouse(t)
	gone := h.subs.ID("newborn", phone(t, 1))
	h.people(50)
	store := &slowScan{SubscriberStore: h.log}
	subs := registry.NewSubscribers(store, h.promote())
	if err := subs.Remove(t.Context(), "newborn", gone); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := subs.Remove(t.Context(), "newborn", gone); !errors.Is(err, registry.ErrUnknownSubscriber) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if store.most.Load() != 1 {
		t.Errorf("%d searches at once", store.most.Load())
	}
}
