package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	formatNode = 0x01  // the key is in the node's keyset
	headerSize = 2     // format, length of the key reference (always 0 in formatNode)
	prefixSize = 1 + 4 // Tink: version, key id
)

// Seal encrypts the plaintext under the primary AEAD key and binds it to the
// associated parts, which are authenticated but not contained. Sealing the same
// twice gives different forms. The layout is in the package documentation.
func (v *Vault) Seal(plaintext []byte, associated ...string) ([]byte, error) {
	header := []byte{formatNode, 0}
	box, err := v.aead.Encrypt(plaintext, bind(header, associated))
	if err != nil {
		return nil, errors.New("vault: sealing failed")
	}
	return append(header, box...), nil
}

// Unseal opens what Seal made with the same associated parts. It returns
// ErrFormat, ErrUnknownKey (an AEAD key this vault does not hold) or ErrUnseal.
func (v *Vault) Unseal(sealed []byte, associated ...string) ([]byte, error) {
	if !sealedForm(sealed) {
		return nil, ErrFormat
	}
	header, box := sealed[:headerSize], sealed[headerSize:]
	if id := binary.BigEndian.Uint32(box[1:prefixSize]); !v.aeads[id] {
		return nil, fmt.Errorf("%w: AEAD key %d", ErrUnknownKey, id)
	}
	plaintext, err := v.aead.Decrypt(box, bind(header, associated))
	if err != nil {
		return nil, ErrUnseal
	}
	return plaintext, nil
}

// bind is the associated data: the header, then every part after its length.
func bind(header []byte, parts []string) []byte {
	size := len(header)
	for _, part := range parts {
		size += 8 + len(part)
	}
	return appendParts(append(make([]byte, 0, size), header...), parts)
}

func appendParts(dst []byte, parts []string) []byte {
	for _, part := range parts {
		dst = binary.BigEndian.AppendUint64(dst, uint64(len(part)))
		dst = append(dst, part...)
	}
	return dst
}
