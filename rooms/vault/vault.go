package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/tink-crypto/tink-go/v2/tink"
)

const redacted = "[redacted]"

// Vault seals and hashes with the keys it was opened with. The zero value is
// of no use; a Vault comes from Open.
type Vault struct {
	aead   tink.AEAD
	aeads  map[uint32]bool // ids of the keys that unseal
	hashes []*hasher       // one per enabled key, the primary first
	held   []Key
}

// Open reads the keys and builds from them all that sealing and hashing need.
// It creates nothing: a missing file is an error (fs.ErrNotExist). The context
// bounds the call to the transit service, if there is one.
func Open(ctx context.Context, o Options) (*Vault, error) {
	if faults := o.Check(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	data, err := o.load()
	if err != nil {
		return nil, err
	}
	k, err := o.decode(ctx, data)
	if err != nil {
		return nil, err
	}
	return build(k)
}

func (o Options) load() ([]byte, error) {
	if o.Keys != "" {
		return []byte(o.Keys), nil
	}
	return readPrivate(o.KeysFile, ownerOnly)
}

func build(k keys) (*Vault, error) {
	primitive, ids, err := k.sealers()
	if err != nil {
		return nil, err
	}
	hashes, err := k.hashers()
	if err != nil {
		return nil, err
	}
	return &Vault{aead: primitive, aeads: ids, hashes: hashes, held: k.list()}, nil
}

// String is "[redacted]".
func (v *Vault) String() string { return redacted }

// Format prints "[redacted]", whatever the verb.
func (v *Vault) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, redacted) }

// LogValue is "[redacted]".
func (v *Vault) LogValue() slog.Value { return slog.StringValue(redacted) }
