package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const (
	version = 1
	// wrapping is the associated data of keys that a transit service encrypts.
	wrapping = "crier keys 1"
)

// document is a key file: Keys in clear, or Sealed by a transit service.
type document struct {
	Version int             `json:"version"`
	Keys    json.RawMessage `json:"keys,omitempty"`
	Sealed  string          `json:"sealed,omitempty"`
}

// keysets is what Keys and the plaintext of Sealed hold: two Tink keysets.
type keysets struct {
	AEAD json.RawMessage `json:"aead"`
	Hash json.RawMessage `json:"hash"`
}

// encode makes a key file of the keys, encrypted if the options say so.
func (o Options) encode(ctx context.Context, k keys) ([]byte, error) {
	plain, err := marshalKeys(k)
	if err != nil {
		return nil, err
	}
	doc := document{Version: version, Keys: plain}
	if o.Transit.Used() {
		box, err := newTransit(o.Transit).EncryptWithContext(ctx, plain, []byte(wrapping))
		if err != nil {
			return nil, err
		}
		doc = document{Version: version, Sealed: string(box)}
	}
	return json.Marshal(doc)
}

// decode reads a key file. Texts of parsers are dropped: they quote their input.
func (o Options) decode(ctx context.Context, data []byte) (keys, error) {
	var doc document
	if err := strict(data, &doc); err != nil {
		return keys{}, err
	}
	if doc.Version != version {
		return keys{}, fmt.Errorf("%w: version %d, want %d", ErrKeys, doc.Version, version)
	}
	plain, err := o.unwrap(ctx, doc)
	if err != nil {
		return keys{}, err
	}
	return parseKeys(plain)
}

// unwrap gives the keysets in clear. Keys in clear are refused where a transit
// service is configured: somebody relies on their being encrypted.
func (o Options) unwrap(ctx context.Context, doc document) ([]byte, error) {
	sealed, plain := doc.Sealed != "", len(doc.Keys) > 0
	switch {
	case sealed == plain:
		return nil, fmt.Errorf("%w: want one of \"keys\" and \"sealed\"", ErrKeys)
	case o.Transit.Used() && plain:
		return nil, fmt.Errorf("%w: in clear, though transit is configured", ErrKeys)
	case !o.Transit.Used() && sealed:
		return nil, fmt.Errorf("%w: encrypted, but transit is not configured", ErrKeys)
	case sealed:
		return newTransit(o.Transit).DecryptWithContext(ctx, []byte(doc.Sealed), []byte(wrapping))
	}
	return doc.Keys, nil
}

func marshalKeys(k keys) ([]byte, error) {
	var sealing, hashing bytes.Buffer
	err := errors.Join(
		insecurecleartextkeyset.Write(k.aead, keyset.NewJSONWriter(&sealing)),
		insecurecleartextkeyset.Write(k.hash, keyset.NewJSONWriter(&hashing)),
	)
	if err != nil {
		return nil, fmt.Errorf("%w: cannot be written", ErrKeys)
	}
	return json.Marshal(keysets{AEAD: sealing.Bytes(), Hash: hashing.Bytes()})
}

func parseKeys(plain []byte) (keys, error) {
	var sets keysets
	if err := strict(plain, &sets); err != nil {
		return keys{}, err
	}
	sealing, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(sets.AEAD)))
	if err != nil {
		return keys{}, fmt.Errorf("%w: \"aead\" is not a Tink keyset", ErrKeys)
	}
	hashing, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(sets.Hash)))
	if err != nil {
		return keys{}, fmt.Errorf("%w: \"hash\" is not a Tink keyset", ErrKeys)
	}
	k := keys{aead: sealing, hash: hashing}
	return k, k.check()
}

// strict decodes one JSON value with known fields and nothing after it.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: not a JSON key file", ErrKeys)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: data after the end", ErrKeys)
	}
	return nil
}
