package mailkeys

import (
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
)

// ErrKey is wrapped by every refusal of a key; its text never repeats the input.
var ErrKey = errors.New("not a key that mail can be encrypted with")

// MaxText is how long a key may be, in bytes. What others have signed of an OpenPGP key need not come with it.
const MaxText = 16 << 10

// key is one that was read.
type key interface {
	text() (string, error)
	encrypt(plain []byte) ([]byte, error)
}

// Parse accepts the text of a key that can be encrypted with now. Errors are ErrKey.
func Parse(kind rooms.KeyKind, text string, now time.Time) (rooms.EncryptionKey, error) {
	k, err := read(kind, text, now)
	if err != nil {
		return rooms.EncryptionKey{}, err
	}
	canonical, err := k.text()
	if err == nil && len(canonical) > MaxText {
		err = fmt.Errorf("%w: longer than %d bytes", ErrKey, MaxText)
	}
	return rooms.EncryptionKey{Kind: kind, Text: rooms.NewBody(canonical)}, err
}

// Encrypt gives DER for S/MIME, and an armored message for OpenPGP; other bytes each time. Errors are ErrKey, or the
// library's of what is wrong with the key: none repeats what was to be encrypted.
func Encrypt(k rooms.EncryptionKey, plain []byte, now time.Time) ([]byte, error) {
	ready, err := read(k.Kind, k.Text.Reveal(), now)
	if err != nil {
		return nil, err
	}
	sealed, err := ready.encrypt(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return sealed, nil
}

func read(kind rooms.KeyKind, text string, now time.Time) (key, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrKey, MaxText)
	}
	switch kind {
	case rooms.SMIME:
		return readSMIME(text, now)
	case rooms.OpenPGP:
		return readOpenPGP(text, now)
	}
	return nil, fmt.Errorf("%w: of a kind that is not known", ErrKey)
}
