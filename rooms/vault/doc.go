// Package vault seals personal data and computes keyed hashes.
//
// # What is promised
//
// Sealed data opens only with the key that sealed it and with the same
// associated parts, in the same order; any other bit changed anywhere is
// refused. The parts are length-prefixed: ("ab","c") is not ("a","bc").
//
// The same purpose and parts give the same hash on every node that holds the
// same key. Purposes are domains apart, and so are Hash and MAC. Every hash
// names its key, so that keys can change while old hashes are still looked up.
//
// Key files are refused when group or others may read them, are replaced whole
// or not at all, and are never overwritten by Create. Errors, String, the fmt
// verbs and slog show neither plaintext, nor keys, nor what was hashed.
//
// A Vault never changes after Open and may be used by many goroutines. A Current
// takes changed keys into use while it works, and refuses, keeping the old ones, a
// file that is broken or does not hold the keys that new data was written with.
//
// # What is not promised
//
// Length is not hidden: a sealed form is 35 bytes longer than its plaintext.
// Keys are not wiped from memory, nor kept out of swap or core dumps. A Vault
// does not notice a changed file; a Current does when it is asked to. An AEAD key draws its 96-bit
// nonces at random, so rotate it before 2^32 seals (NIST SP 800-38D §8.3). What
// one key has sealed cannot be forgotten person by person; see the layout.
//
// # Sealed form
//
//	offset  bytes  meaning
//	0       1      format: 0x01 = the key is in the node's keyset
//	1       1      n, the length of the key reference; 0 in format 0x01
//	2       n      key reference: which message's or person's key (later formats)
//	2+n     5      Tink prefix: 0x01, AEAD key id (big endian)
//	7+n     12     nonce
//	19+n    …      AES-256-GCM ciphertext, then its tag of 16 bytes
//
// The first 2+n bytes are authenticated too: the associated data is those
// bytes, then every part as its length (8 bytes, big endian) and its bytes.
// Formats with destroyable keys (a key per message or per person, itself
// sealed under 0x01) take another first byte and n > 0; nothing else moves.
//
// # Hashes
//
//	Hash  base64url, no padding, of key id (4 bytes, big endian) and the first
//	      16 bytes of HMAC-SHA-256: 27 characters, valid as a NATS subject token
//	MAC   the same with all 32 bytes: 48 characters
//
// What goes into HMAC is one byte (0x01 Hash, 0x02 MAC), the length of the
// purpose (8 bytes, big endian), the purpose, then for Hash every part with its
// length before it, for MAC the data as it is. With 16 bytes, 2^40 hashes under
// one key hold two equal ones with a chance below 2^-48.
//
// # Keys
//
// A key file is JSON: {"version":1,"keys":{"aead":…,"hash":…}}, the inner two
// being Tink keysets; or {"version":1,"sealed":"vault:v1:…"}, the same "keys"
// encrypted by a transit service. Key ids are no secret.
//
// Rotation has two phases: AddKey gives a keyset a further key, which every node
// must hold (Keys tells) before Promote makes it the one for new data. Promote
// takes one key id, as AEAD and hash keys are promoted apart in time. The former
// primary stays enabled, for what it has sealed and hashed, until Disable; Delete
// takes disabled keys only. Nothing here knows whether a key is still needed.
package vault
