package vault

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
)

const (
	macSize  = 32 // bytes of HMAC-SHA-256 in a MAC: all
	macChars = 48 // of base64url, for key id and macSize
)

// MAC authenticates data under the primary hash key, in 48 characters.
// The data is read in place, not copied.
func (v *Vault) MAC(purpose string, data []byte) string {
	return v.hashes[0].token(macSize, macHead(purpose), data)
}

// MACAll is the MAC under each enabled key, the primary's first.
func (v *Vault) MACAll(purpose string, data []byte) []string {
	head := macHead(purpose)
	all := make([]string, len(v.hashes))
	for i, h := range v.hashes {
		all[i] = h.token(macSize, head, data)
	}
	return all
}

// VerifyMAC tells whether mac is the MAC of the data under the enabled key that
// it names. A malformed mac or an unknown key is false. The comparison takes the
// same time wherever the two differ.
func (v *Vault) VerifyMAC(mac, purpose string, data []byte) bool {
	h := v.macKey(mac)
	if h == nil {
		return false
	}
	want := h.token(macSize, macHead(purpose), data)
	return subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1
}

// macKey finds the key a MAC names, nil if there is none.
func (v *Vault) macKey(mac string) *hasher {
	if len(mac) != macChars {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || len(raw) < idSize { // newlines are skipped, so it may be short
		return nil
	}
	id := binary.BigEndian.Uint32(raw)
	for _, h := range v.hashes {
		if h.id == id {
			return h
		}
	}
	return nil
}

func macHead(purpose string) []byte {
	var short [64]byte
	return inputHead(short[:0], kindMAC, purpose)
}
