package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/together"
	"github.com/govcrier/crier/rooms/vault"
)

var (
	// ErrUnknownAPIKey says that a key, or the id of one, is nobody's, or not that client's.
	ErrUnknownAPIKey = errors.New("unknown API key")
	// ErrAPIKeys says that a client has as many keys as it may have.
	ErrAPIKeys = errors.New("too many API keys")
	// ErrAPIKeyTaken says that a key is another client's.
	ErrAPIKeyTaken = errors.New("API key of another client")
)

const (
	lookAtAPIKeys  = time.Second      // the time between two looks at what other nodes have stored
	apiKeyPatience = 10 * time.Second // how long a look may take
	maxAPIKeys     = 20               // of a client
)

// APIKeyStore keeps whose the keys are. PutAPIKey stores on condition that after is the last entry of all.
type APIKeyStore interface {
	PutAPIKey(ctx context.Context, k rooms.APIKey, after uint64) (entry uint64, err error)
	APIKeys(ctx context.Context, from uint64) (all []rooms.APIKey, last uint64, err error)
}

// KeyHasher makes the keyed hashes under which keys are found.
type KeyHasher interface {
	HashAll(purpose string, parts ...string) []vault.Hash
}

// APIKeys know whose the keys of the e-mail API are. A key is kept as its keyed hash alone, and shown once, when it is made.
// One that was made on another node is known here at once; that it was revoked there is heard of within about a second. A
// node that cannot read the log goes on with what it knows. However many come with keys that nobody knows, the log is read once
// at a time. While hash keys change, a key is found under any of them, and
// stored under the primary one when it is used.
type APIKeys struct {
	store APIKeyStore
	hash  KeyHasher
	now   func() time.Time
	log   *slog.Logger
	load  *together.Question[struct{}]

	mu    sync.RWMutex
	known map[string]rooms.APIKey // by hash
	told  uint64                  // the latest entry that is known
}

// NewAPIKeys knows none yet; Load and Run change that.
func NewAPIKeys(s APIKeyStore, h KeyHasher, now func() time.Time, log *slog.Logger) *APIKeys {
	k := &APIKeys{store: s, hash: h, now: now, log: log, known: map[string]rooms.APIKey{}}
	k.load = together.New(k.read)
	return k
}

func (k *APIKeys) hashes(key rooms.Secret) []vault.Hash {
	return k.hash.HashAll("api-key", key.Reveal())
}

// Make gives a client another key.
func (k *APIKeys) Make(ctx context.Context, c, by rooms.Client) (rooms.APIKey, rooms.Secret, error) {
	id, key := rooms.NewAPIKey()
	one, err := k.put(ctx, rooms.APIKey{ID: id, Client: c, By: by}, key)
	return one, key, err
}

// Put makes a given key the client's; doing it again changes nothing. ErrAPIKeyTaken if it is another's.
func (k *APIKeys) Put(ctx context.Context, c, by rooms.Client, key rooms.Secret) (rooms.APIKey, error) {
	id, _ := rooms.NewAPIKey()
	return k.put(ctx, rooms.APIKey{ID: id, Client: c, By: by}, key)
}

func (k *APIKeys) put(ctx context.Context, one rooms.APIKey, key rooms.Secret) (rooms.APIKey, error) {
	hashes := k.hashes(key)
	one.Since, one.Hash = k.now().UTC().Truncate(time.Millisecond), string(hashes[0])
	for {
		if err := k.Load(ctx); err != nil {
			return one, err
		}
		was, told, known := k.look(hashes)
		switch {
		case known && was.Client == one.Client:
			return was, nil
		case known:
			return one, ErrAPIKeyTaken
		case len(k.of(one.Client)) >= maxAPIKeys:
			return one, ErrAPIKeys
		}
		err := k.keep(ctx, one, told)
		if !errors.Is(err, stream.ErrRevision) {
			return one, err
		}
	}
}

// keep stores one, and knows it then.
func (k *APIKeys) keep(ctx context.Context, one rooms.APIKey, after uint64) (err error) {
	if one.Entry, err = k.store.PutAPIKey(ctx, one, after); err != nil {
		return fmt.Errorf("registry: store an API key: %w", err)
	}
	k.learn([]rooms.APIKey{one}, one.Entry)
	return nil
}

// Client says whose a key is, or ErrUnknownAPIKey.
func (k *APIKeys) Client(ctx context.Context, key rooms.Secret) (rooms.Client, error) {
	hashes := k.hashes(key)
	one, _, ok := k.look(hashes)
	if !ok { // it may have been made elsewhere a moment ago
		if err := k.Load(ctx); err != nil {
			return "", err
		}
		if one, _, ok = k.look(hashes); !ok {
			return "", ErrUnknownAPIKey
		}
	}
	k.move(ctx, hashes)
	return one.Client, nil
}

// move stores a key under the primary one of its hashes, and then under no other. Each step is taken on condition that the
// key is still there, since it may be revoked meanwhile. What fails is done when the key is used the next time.
func (k *APIKeys) move(ctx context.Context, hashes []vault.Hash) {
	for {
		one, told, ok := k.look(hashes)
		if primary := string(hashes[0]); one.Hash != primary {
			one.Hash = primary
		} else {
			one, told, ok = k.look(hashes[1:])
			one.Gone = true
		}
		if !ok {
			return
		}
		if err := k.keep(ctx, one, told); err != nil {
			k.log.Debug("an API key is still stored under an older hash", "key", one.ID, "error", err)
			return
		}
	}
}

// List gives the keys of a client, the oldest first.
func (k *APIKeys) List(ctx context.Context, c rooms.Client) ([]rooms.APIKey, error) {
	err := k.Load(ctx)
	return k.of(c), err
}

func (k *APIKeys) of(c rooms.Client) (all []rooms.APIKey) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, one := range k.known {
		if one.Client == c {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b rooms.APIKey) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(all, func(a, b rooms.APIKey) bool { return a.ID == b.ID })
}

// Revoke ends a key of a client, or says ErrUnknownAPIKey.
func (k *APIKeys) Revoke(ctx context.Context, c rooms.Client, id string) error {
	for found := false; ; {
		if err := k.Load(ctx); err != nil {
			return err
		}
		one, told, ok := k.named(c, id)
		if !ok && found {
			return nil
		}
		if !ok {
			return ErrUnknownAPIKey
		}
		one.Gone, found = true, true // and once more, should it stand there under two hashes
		if err := k.keep(ctx, one, told); err != nil && !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// RevokeAll ends all keys of a client.
func (k *APIKeys) RevokeAll(ctx context.Context, c rooms.Client) error {
	all, err := k.List(ctx, c)
	for _, one := range all {
		if err == nil {
			err = k.Revoke(ctx, c, one.ID)
		}
	}
	return err
}

func (k *APIKeys) named(c rooms.Client, id string) (one rooms.APIKey, told uint64, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for one := range maps.Values(k.known) {
		if one.Client == c && one.ID == id {
			return one, k.told, true
		}
	}
	return one, k.told, false
}

// look gives the key of one of the hashes, and the last entry that what is known stands on.
func (k *APIKeys) look(hashes []vault.Hash) (one rooms.APIKey, told uint64, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, h := range hashes {
		if one, ok = k.known[string(h)]; ok {
			break
		}
	}
	return one, k.told, ok
}

// Uses counts the keys by the hash key that they are found with.
func (k *APIKeys) Uses(ctx context.Context) (Uses, error) {
	err := k.Load(ctx)
	k.mu.RLock()
	defer k.mu.RUnlock()
	uses := Uses{}
	for hash := range k.known {
		if id, ok := vault.Hash(hash).Key(); ok {
			uses[id]++
		}
	}
	return uses, err
}

// Load learns what was stored before the call.
func (k *APIKeys) Load(ctx context.Context) error {
	_, err := k.load.Get(ctx)
	return err
}

// read is one Load of all who wait for it.
func (k *APIKeys) read(ctx context.Context) (none struct{}, err error) {
	ctx, cancel := context.WithTimeout(ctx, apiKeyPatience)
	defer cancel()
	_, told, _ := k.look(nil)
	fresh, last, err := k.store.APIKeys(ctx, told+1)
	if err != nil {
		return none, fmt.Errorf("registry: read the API keys: %w", err)
	}
	k.learn(fresh, last)
	return none, nil
}

// learn takes in what is not older than what is known.
func (k *APIKeys) learn(fresh []rooms.APIKey, last uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range fresh {
		switch {
		case one.Entry <= k.told || one.Entry <= k.known[one.Hash].Entry:
		case one.Gone:
			delete(k.known, one.Hash)
		default:
			k.known[one.Hash] = one
		}
	}
	k.told = max(k.told, last)
}

// Run follows what other nodes store, until ctx ends.
func (k *APIKeys) Run(ctx context.Context) error {
	return follow(ctx, lookAtAPIKeys, k.Load, k.log, "the API keys cannot be read; those known hold")
}
