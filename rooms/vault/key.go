package vault

import (
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Kind is what a key is for.
type Kind string

// Kinds of key.
const (
	AEAD    Kind = "aead" // seals
	Hashing Kind = "hash" // hashes
)

// Key tells of a key what is no secret.
type Key struct {
	ID      uint32 `json:"id"`
	Kind    Kind   `json:"kind"`
	Primary bool   `json:"primary"` // for new data
	Enabled bool   `json:"enabled"` // for old data
}

// Keys lists the keys that the vault holds, those that seal first, the oldest first.
func (v *Vault) Keys() []Key { return slices.Clone(v.held) }

// list tells of each key in both keysets.
func (k keys) list() []Key {
	var all []Key
	for _, e := range entries(k.aead) {
		all = append(all, describe(e, AEAD))
	}
	for _, e := range entries(k.hash) {
		all = append(all, describe(e, Hashing))
	}
	return all
}

func describe(e *keyset.Entry, kind Kind) Key {
	return Key{ID: e.KeyID(), Kind: kind, Primary: e.IsPrimary(), Enabled: e.KeyStatus() == keyset.Enabled}
}

// Key is the id of the key that made the hash; false if it is no hash.
func (h Hash) Key() (id uint32, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(string(h))
	if err != nil || len(raw) != idSize+hashSize {
		return 0, false
	}
	return binary.BigEndian.Uint32(raw), true
}

// SealedBy is the id of the key that made a sealed form; false if it is none.
func SealedBy(sealed []byte) (id uint32, ok bool) {
	if !sealedForm(sealed) {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[headerSize+1:]), true
}

func sealedForm(b []byte) bool {
	return len(b) >= headerSize+prefixSize && b[0] == formatNode && b[1] == 0
}
