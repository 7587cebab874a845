package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"
)

const idSize = 4 // bytes of a key id

// hasher is HMAC-SHA-256 under one key, equal to Tink's PRF of that key. It is
// the standard library's, as Tink's wants its input in one piece, which copies
// each body, and returns an error that callers would have to carry.
type hasher struct {
	id     uint32
	states sync.Pool // of hash.Hash, keyed and reset
}

func newHasher(id uint32, key []byte) *hasher {
	h := &hasher{id: id}
	h.states.New = func() any { return hmac.New(sha256.New, key) }
	return h
}

// token is base64url of the key id and the first size bytes of the HMAC.
func (h *hasher) token(size int, head, body []byte) string {
	state := h.states.Get().(hash.Hash)
	state.Write(head) // a hash.Hash never fails to write
	state.Write(body)
	raw := make([]byte, idSize, idSize+sha256.Size)
	binary.BigEndian.PutUint32(raw, h.id)
	raw = state.Sum(raw)
	state.Reset()
	h.states.Put(state)
	return base64.RawURLEncoding.EncodeToString(raw[:idSize+size])
}
