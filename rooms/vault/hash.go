package vault

// Hash is a keyed hash short enough for a subject token or an index key:
// 27 characters of A–Z, a–z, 0–9, "-" and "_". It tells its key, not its input.
type Hash string

const hashSize = 16 // bytes of HMAC-SHA-256 kept in a Hash

// What is hashed begins with one of these, so that no Hash repeats a MAC.
const (
	kindHash = 0x01
	kindMAC  = 0x02
)

// Hash is the keyed hash of the parts under the primary key: what to store.
func (v *Vault) Hash(purpose string, parts ...string) Hash {
	return Hash(v.hashes[0].token(hashSize, hashInput(purpose, parts), nil))
}

// HashAll is the hash under each enabled key, the primary's first: what to look
// up, as it may have been stored before or during a change of keys.
func (v *Vault) HashAll(purpose string, parts ...string) []Hash {
	input := hashInput(purpose, parts)
	all := make([]Hash, len(v.hashes))
	for i, h := range v.hashes {
		all[i] = Hash(h.token(hashSize, input, nil))
	}
	return all
}

func hashInput(purpose string, parts []string) []byte {
	var short [256]byte
	return appendParts(inputHead(short[:0], kindHash, purpose), parts)
}

func inputHead(dst []byte, kind byte, purpose string) []byte {
	return appendParts(append(dst, kind), []string{purpose})
}
