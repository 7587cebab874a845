package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

func apiKeysOn(h *house, v *vault.Vault) *registry.APIKeys {
	return registry.NewAPIKeys(h.log, v, time.Now, slog.New(slog.DiscardHandler))
}

// A key that was made on one node is known on another that runs nothing, until it is revoked; no file holds it.
func TestAPIKeys(t *testing.T) {
	h := newHouse(t)
	v := h.openKeys()
	here, there := apiKeysOn(h, v), apiKeysOn(h, v)
	one, key, err := here.Make(t.Context(), "hosp-7", "root")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := there.Client(t.Context(), key); err != nil || c != "hosp-7" {
		t.Errorf("%q, %v", c, err)
	}
	if h.onDisk([]byte(key.Reveal())) || h.onDisk([]byte(key.Reveal())[3:]) {
		t.Error("the key stands on disk")
	}
	if !h.onDisk([]byte(one.Hash)) { // else the look at the disk finds nothing at all
		t.Error("its hash does not")
	}
	if list, err := there.List(t.Context(), "hosp-7"); err != nil || len(list) != 1 || list[0].ID != one.ID || list[0].By != "root" || list[0].Since.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	for name, err := range map[string]error{
		"of another client": there.Revoke(t.Context(), "tax-1", one.ID),
		"unknown":           there.Revoke(t.Context(), "hosp-7", "AAAAAAAAAAAA"),
	} {
		if !errors.Is(err, registry.ErrUnknownAPIKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := there.Revoke(t.Context(), "hosp-7", one.ID); err != nil {
		t.Fatal(err)
	}
	if err := here.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err := here.Client(t.Context(), key); !errors.Is(err, registry.ErrUnknownAPIKey) {
		t.Errorf("revoked, and still of %q: %v", c, err)
	}
}

// A key that somebody has chosen is one client's; a client has no more than twenty.
func TestChosenAPIKeys(t *testing.T) {
	h := newHouse(t)
	k := apiKeysOn(h, h.openKeys())
	chosen := rooms.NewSecret("abcdef12345")
	first, err := k.Put(t.Context(), "hosp-7", "", chosen)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.Put(t.Context(), "hosp-7", "", chosen); err != nil || again.ID != first.ID {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := k.Put(t.Context(), "tax-1", "", chosen); !errors.Is(err, registry.ErrAPIKeyTaken) {
		t.Errorf("another's: %v", err)
	}
	var crowd sync.WaitGroup
	for range 23 {
		crowd.Go(func() { _, _, _ = k.Make(t.Context(), "hosp-7", "root") })
	}
	crowd.Wait()
	list, err := k.List(t.Context(), "hosp-7")
	if err != nil || len(list) != 20 {
		t.Errorf("%d keys, %v", len(list), err)
	}
	if err := k.RevokeAll(t.Context(), "hosp-7"); err != nil {
		t.Fatal(err)
	}
	if list, err = k.List(t.Context(), "hosp-7"); err != nil || len(list) > 0 {
		t.Errorf("%d are left, %v", len(list), err)
	}
}

// When the hash keys change, a key stays good, and is stored under the new one once it has been used.
func TestAPIKeysUnderNewHashKeys(t *testing.T) {
	h := newHouse(t)
	k := apiKeysOn(h, h.openKeys())
	one, key, err := k.Make(t.Context(), "hosp-7", "root")
	if err != nil {
		t.Fatal(err)
	}
	added, err := vault.AddKey(h.keys())
	if err == nil {
		err = vault.Promote(h.keys(), added.Hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	k = apiKeysOn(h, h.openKeys())
	if uses, err := k.Uses(t.Context()); err != nil || len(uses) != 1 || uses[added.Hash] != 0 {
		t.Errorf("uses %v, %v", uses, err)
	}
	for range 2 {
		if c, err := k.Client(t.Context(), key); err != nil || c != "hosp-7" {
			t.Fatalf("%q, %v", c, err)
		}
	}
	list, err := k.List(t.Context(), "hosp-7")
	if err != nil || len(list) != 1 || list[0].ID != one.ID || list[0].Hash == one.Hash {
		t.Errorf("%+v, %v", list, err)
	}
	if uses, err := k.Uses(t.Context()); err != nil || len(uses) != 1 || uses[added.Hash] != 1 {
		t.Errorf("uses %v, %v", uses, err)
	}
	if err := k.Revoke(t.Context(), "hosp-7", one.ID); err != nil {
		t.Error(err)
	}
}

// keyStore is a store whose writes can fail.
type keyStore struct {
	registry.APIKeyStore
	fails func(rooms.APIKey) bool
}

var errNoWrite = errors.New("not written")

func (s *keyStore) PutAPIKey(ctx context.Context, k rooms.APIKey, after uint64) (uint64, error) {
	if s.fails != nil && s.fails(k) {
		return 0, errNoWrite
	}
	return s.APIKeyStore.PutAPIKey(ctx, k, after)
}

// A crash between the two steps in which a key is stored under another hash leaves it under both, until it is used again.
func TestAPIKeyUnderTwoHashes(t *testing.T) {
	h := newHouse(t)
	_, key, err := apiKeysOn(h, h.openKeys()).Make(t.Context(), "hosp-7", "root")
	if err != nil {
		t.Fatal(err)
	}
	added, err := vault.AddKey(h.keys())
	if err == nil {
		err = vault.Promote(h.keys(), added.Hash)
	}
	if err != nil {
		t.Fatal(err)
	}
	v := h.openKeys()
	crashing := &keyStore{APIKeyStore: h.log, fails: func(k rooms.APIKey) bool { return k.Gone }}
	for _, tc := range []struct {
		store registry.APIKeyStore
		uses  int
	}{{crashing, 2}, {h.log, 1}} {
		k := registry.NewAPIKeys(tc.store, v, time.Now, slog.New(slog.DiscardHandler))
		if c, err := k.Client(t.Context(), key); err != nil || c != "hosp-7" {
			t.Errorf("%q, %v", c, err)
		}
		if uses, err := k.Uses(t.Context()); err != nil || len(uses) != tc.uses || uses[added.Hash] != 1 {
			t.Errorf("uses %v, want %d, %v", uses, tc.uses, err)
		}
	}
}

// memoryKeys is a log of API keys that takes revocations alone, and notes whether it might have taken a key after one.
type memoryKeys struct {
	mu      sync.Mutex
	all     []rooms.APIKey
	revived bool
}

func (m *memoryKeys) PutAPIKey(_ context.Context, k rooms.APIKey, after uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after != uint64(len(m.all)) || !k.Gone {
		m.revived = m.revived || after > 1 && after == uint64(len(m.all))
		return 0, stream.ErrRevision
	}
	k.Entry = after + 1
	m.all = append(m.all, k)
	return k.Entry, nil
}

func (m *memoryKeys) APIKeys(_ context.Context, from uint64) ([]rooms.APIKey, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all[from-1:]), uint64(len(m.all)), nil
}

// twoHashes are those of a key under two hash keys.
type twoHashes struct{}

func (twoHashes) HashAll(_ string, parts ...string) []vault.Hash {
	return []vault.Hash{vault.Hash("new" + parts[0]), vault.Hash("old" + parts[0])}
}

// A key that is revoked while its users have it stored under another hash stays revoked.
func TestRevokedAPIKeyStaysRevoked(t *testing.T) {
	for range 300 {
		log := &memoryKeys{all: []rooms.APIKey{{ID: "AAAAAAAAAAAA", Client: "hosp-7", Hash: "oldkey", Entry: 1}}}
		k := registry.NewAPIKeys(log, twoHashes{}, time.Now, slog.New(slog.DiscardHandler))
		if err := k.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		var crowd sync.WaitGroup
		var revoked atomic.Bool
		for range 4 {
			crowd.Go(func() {
				for !revoked.Load() {
					_, _ = k.Client(t.Context(), rooms.NewSecret("key"))
				}
			})
		}
		if err := k.Revoke(t.Context(), "hosp-7", "AAAAAAAAAAAA"); err != nil {
			t.Fatal(err)
		}
		revoked.Store(true)
		crowd.Wait()
		if _, err := k.Client(t.Context(), rooms.NewSecret("key")); !errors.Is(err, registry.ErrUnknownAPIKey) || log.revived {
			t.Fatalf("revoked, and stored anew %v: %v", log.revived, err)
		}
	}
}

// slowKeys is a log that is read slowly, and counts how often.
type slowKeys struct {
	memoryKeys
	reads atomic.Int32
}

func (s *slowKeys) APIKeys(ctx context.Context, from uint64) ([]rooms.APIKey, uint64, error) {
	s.reads.Add(1)
	time.Sleep(time.Second) // of the test's own clock
	return s.memoryKeys.APIKeys(ctx, from)
}

// Many who come with keys that nobody knows have the log read twice: for the first of them, and for all the others.
func TestUnknownAPIKeysAreLookedForTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowKeys{}
		k := registry.NewAPIKeys(log, twoHashes{}, time.Now, slog.New(slog.DiscardHandler))
		for range 50 {
			go func() {
				if _, err := k.Client(t.Context(), rooms.NewSecret("key")); !errors.Is(err, registry.ErrUnknownAPIKey) {
					t.Error(err)
				}
			}()
		}
		time.Sleep(time.Minute)
		if n := log.reads.Load(); n < 1 || n > 2 {
			t.Errorf("the log was read %d times", n)
		}
	})
}
