package vault

import (
	"context"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// Added are the ids of new keys, not yet primary; 0 where none was added.
type Added struct {
	AEAD uint32
	Hash uint32
}

// Generate makes new keys in the form Options.Keys takes, in clear.
func Generate() ([]byte, error) {
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	return Options{}.encode(context.Background(), k)
}

// Create writes new keys, in clear, to a file of mode 0600 that must not exist
// (fs.ErrExist). When it returns nil the file survives a power cut.
func Create(path string) error {
	return Options{KeysFile: path}.Create(context.Background())
}

// AddKey adds an enabled key to each keyset of the file, in clear. New data still
// uses the old keys; old data opens as before.
func AddKey(path string) (Added, error) {
	return Options{KeysFile: path}.AddKey(context.Background())
}

// Promote makes the key primary in whichever keyset of the file holds it, in
// clear. The former primary stays enabled. ErrUnknownKey if there is none.
func Promote(path string, keyID uint32) error {
	return Options{KeysFile: path}.Promote(context.Background(), keyID)
}

// Create is the function Create for the options' file, encrypted if they say so.
func (o Options) Create(ctx context.Context) error {
	if err := o.checkFile(); err != nil {
		return err
	}
	k, err := newKeys()
	if err != nil {
		return err
	}
	d, err := newDraft(o.KeysFile)
	if err != nil {
		return err
	}
	return o.save(ctx, k, d, d.create)
}

// AddKey is the function AddKey for the options' file, and for some kinds of key
// alone if they are named.
func (o Options) AddKey(ctx context.Context, kinds ...Kind) (Added, error) {
	if len(kinds) == 0 {
		kinds = []Kind{AEAD, Hashing}
	}
	var added Added
	err := o.edit(ctx, func(k *keys) (err error) {
		if slices.Contains(kinds, AEAD) {
			if k.aead, added.AEAD, err = grow(k.aead, aead.AES256GCMKeyTemplate()); err != nil {
				return err
			}
		}
		if slices.Contains(kinds, Hashing) {
			k.hash, added.Hash, err = grow(k.hash, prf.HMACSHA256PRFKeyTemplate())
		}
		return err
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

// Promote is the function Promote for the options' file.
func (o Options) Promote(ctx context.Context, keyID uint32) error {
	return o.alter(ctx, keyID, func(m *keyset.Manager, _ Key) error {
		if err := m.SetPrimary(keyID); err != nil {
			return fmt.Errorf("%w that is enabled", ErrUnknownKey)
		}
		return nil
	})
}

// Disable puts a key out of use: what it sealed is not opened, what it hashed is
// not found, until Enable. ErrPrimary for a primary key.
func (o Options) Disable(ctx context.Context, keyID uint32) error {
	return o.alter(ctx, keyID, func(m *keyset.Manager, k Key) error {
		if k.Primary {
			return ErrPrimary
		}
		return m.Disable(keyID)
	})
}

// Enable puts a disabled key into use again.
func (o Options) Enable(ctx context.Context, keyID uint32) error {
	return o.alter(ctx, keyID, func(m *keyset.Manager, _ Key) error { return m.Enable(keyID) })
}

// Delete removes a disabled key for good. ErrPrimary for a primary key, ErrEnabled
// for any other that is not disabled.
func (o Options) Delete(ctx context.Context, keyID uint32) error {
	return o.alter(ctx, keyID, func(m *keyset.Manager, k Key) error {
		switch {
		case k.Primary:
			return ErrPrimary
		case k.Enabled:
			return ErrEnabled
		}
		return m.Delete(keyID)
	})
}
