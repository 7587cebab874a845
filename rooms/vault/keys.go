package vault

import (
	"crypto/sha256"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/key"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/hmacprf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keys are the two keysets of a node. No id is in both.
type keys struct {
	aead *keyset.Handle
	hash *keyset.Handle
}

func newKeys() (keys, error) {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return keys{}, fmt.Errorf("vault: new AEAD key: %w", err)
	}
	hashing, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return keys{}, fmt.Errorf("vault: new hash key: %w", err)
	}
	k := keys{aead: sealing, hash: hashing}
	return k, k.check()
}

// check holds keys to what the rest relies on. Ids are drawn at random, so the
// chance that new keys fail here is 2^-32 for each pair.
func (k keys) check() error {
	if _, _, err := k.sealers(); err != nil {
		return err
	}
	if _, err := k.hashers(); err != nil {
		return err
	}
	for _, a := range entries(k.aead) {
		if has(k.hash, a.KeyID()) {
			return fmt.Errorf("%w: key %d is in both keysets", ErrKeys, a.KeyID())
		}
	}
	return nil
}

// sealers builds the AEAD and lists the ids of its enabled keys.
func (k keys) sealers() (tink.AEAD, map[uint32]bool, error) {
	ids := make(map[uint32]bool)
	for _, e := range entries(k.aead) {
		if _, prefixed := e.Key().IDRequirement(); !prefixed {
			return nil, nil, fmt.Errorf("%w: AEAD key %d has no prefix", ErrKeys, e.KeyID())
		}
		if e.KeyStatus() == keyset.Enabled {
			ids[e.KeyID()] = true
		}
	}
	primitive, err := aead.New(k.aead)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: a key in \"aead\" is of another kind", ErrKeys)
	}
	return primitive, ids, nil
}

// hashers builds one hasher for each enabled key, the primary first.
func (k keys) hashers() ([]*hasher, error) {
	var all []*hasher
	for _, e := range entries(k.hash) {
		h, err := hasherOf(e)
		if err != nil {
			return nil, err
		}
		switch {
		case e.IsPrimary():
			all = append([]*hasher{h}, all...)
		case e.KeyStatus() == keyset.Enabled:
			all = append(all, h)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no enabled hash key", ErrKeys)
	}
	return all, nil
}

func hasherOf(e *keyset.Entry) (*hasher, error) {
	secret, ok := e.Key().(*hmacprf.Key)
	if !ok || !strong(secret.Parameters()) {
		return nil, fmt.Errorf("%w: hash key %d is not HMAC-SHA-256 of 32 bytes", ErrKeys, e.KeyID())
	}
	return newHasher(e.KeyID(), secret.KeyBytes().Data(insecuresecretdataaccess.Token{})), nil
}

func strong(p key.Parameters) bool {
	mac, ok := p.(*hmacprf.Parameters)
	return ok && mac.HashType() == hmacprf.SHA256 && mac.KeySizeInBytes() >= sha256.Size
}

func entries(h *keyset.Handle) []*keyset.Entry {
	var all []*keyset.Entry
	for i := range h.Len() {
		if e, err := h.Entry(i); err == nil { // fails only beyond Len
			all = append(all, e)
		}
	}
	return all
}

func has(h *keyset.Handle, id uint32) bool {
	for _, e := range entries(h) {
		if e.KeyID() == id {
			return true
		}
	}
	return false
}
