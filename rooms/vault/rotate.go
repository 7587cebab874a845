package vault

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// Added are the ids of two new keys, not yet primary.
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

// AddKey is the function AddKey for the options' file.
func (o Options) AddKey(ctx context.Context) (Added, error) {
	var added Added
	err := o.edit(ctx, func(k *keys) (err error) {
		if k.aead, added.AEAD, err = grow(k.aead, aead.AES256GCMKeyTemplate()); err != nil {
			return err
		}
		k.hash, added.Hash, err = grow(k.hash, prf.HMACSHA256PRFKeyTemplate())
		return err
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

// Promote is the function Promote for the options' file.
func (o Options) Promote(ctx context.Context, keyID uint32) error {
	return o.edit(ctx, func(k *keys) (err error) {
		switch {
		case has(k.aead, keyID):
			k.aead, err = promote(k.aead, keyID)
		case has(k.hash, keyID):
			k.hash, err = promote(k.hash, keyID)
		default:
			err = fmt.Errorf("%w: %d", ErrUnknownKey, keyID)
		}
		return err
	})
}
