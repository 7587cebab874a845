package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// ErrOtherKeys says that the vault's keys are not those with which the log was written: contacts could not be opened, and
// repeats, subscribers and suppressions would not be known again.
var ErrOtherKeys = errors.New("the keys of the vault are not those that this store was written with; restore its key file (vault.keysFile) from where it was kept, or from another node; where a key is gone for good, and with it what only that key opens: crier serve --without-key ID")

// KeysStore keeps the ids of keys in the log.
type KeysStore interface {
	KeysInUse(ctx context.Context) (ids []uint32, entry uint64, err error)
	PutKeysInUse(ctx context.Context, ids []uint32, entry uint64) error
}

// KeysInUse are the ids of the keys that new data is written with on any node, or was until they are disabled. A log that was
// written before they were kept has none; the first node to start puts its own there.
type KeysInUse struct {
	Store KeysStore
	Gone  []uint32 // keys that are looked for no more, though they were in use

	seen map[uint32]bool // keys that were here since the start
}

// Check is for the start: ErrOtherKeys, with the ids, if one in use is not among the keys. What is disabled is there on purpose.
func (k *KeysInUse) Check(ctx context.Context, keys []vault.Key) error {
	ids, _, err := k.Store.KeysInUse(ctx)
	if err != nil {
		return err
	}
	if missing := slices.DeleteFunc(slices.Clone(ids), func(id uint32) bool {
		return slices.Contains(k.Gone, id) || slices.ContainsFunc(keys, has(id))
	}); len(missing) > 0 {
		return fmt.Errorf("%w; missing: %s", ErrOtherKeys, listed(missing))
	}
	return k.Note(ctx, keys)
}

// Note keeps which keys are in use: the primary ones are, and those no longer that were here and are not enabled now.
func (k *KeysInUse) Note(ctx context.Context, keys []vault.Key) error {
	if k.seen == nil {
		k.seen = map[uint32]bool{}
		for _, id := range k.Gone {
			k.seen[id] = true
		}
	}
	for _, one := range keys {
		k.seen[one.ID] = true
	}
	for {
		ids, entry, err := k.Store.KeysInUse(ctx)
		if err != nil {
			return err
		}
		next := k.next(ids, keys)
		if slices.Equal(next, ids) {
			return nil
		}
		if err := k.Store.PutKeysInUse(ctx, next, entry); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// next are those in use now, in order.
func (k *KeysInUse) next(ids []uint32, keys []vault.Key) []uint32 {
	next := slices.DeleteFunc(slices.Clone(ids), func(id uint32) bool {
		return k.seen[id] && !slices.ContainsFunc(keys, func(one vault.Key) bool { return one.ID == id && one.Enabled })
	})
	for _, one := range keys {
		if one.Primary {
			next = append(next, one.ID)
		}
	}
	slices.Sort(next)
	return slices.Compact(next)
}

func has(id uint32) func(vault.Key) bool { return func(k vault.Key) bool { return k.ID == id } }

func listed(ids []uint32) string {
	var all []string
	for _, id := range ids {
		all = append(all, "key "+strconv.FormatUint(uint64(id), 10))
	}
	return strings.Join(all, ", ")
}
