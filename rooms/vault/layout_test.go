package vault_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

// What a stored form looks like is a promise to every later version. These tests
// take it apart by hand, as the package documentation describes it.

// rawKey is the id and the bytes of the only key of a keyset in clear: the last
// field of Tink's AesGcmKey and HmacPrfKey messages, 32 bytes long.
func rawKey(t *testing.T, file, set string) (uint32, []byte) {
	t.Helper()
	var doc struct {
		Keys map[string]struct {
			Key []struct {
				KeyID   uint32 `json:"keyId"`
				KeyData struct{ Value []byte }
			}
		}
	}
	if err := json.Unmarshal([]byte(file), &doc); err != nil {
		t.Fatal(err)
	}
	key := doc.Keys[set].Key[0]
	return key.KeyID, key.KeyData.Value[len(key.KeyData.Value)-32:]
}

func prefixed(parts ...string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

func TestSealedLayout(t *testing.T) {
	file := generated(t)
	id, key := rawKey(t, file, "aead")
	box := sealed(t, opened(t, vault.Options{Keys: file}), "secret", "room", "17")
	if box[0] != 1 || box[1] != 0 || box[2] != 1 || binary.BigEndian.Uint32(box[3:]) != id {
		t.Fatalf("head % x, key %08x", box[:7], id)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	associated := append([]byte{1, 0}, prefixed("room", "17")...)
	got, err := gcm.Open(nil, box[7:19], box[19:], associated)
	if err != nil || string(got) != "secret" {
		t.Errorf("by hand: %q, %v", got, err)
	}
}

func byHand(id uint32, key []byte, size int, input []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(input)
	raw := binary.BigEndian.AppendUint32(nil, id)
	return base64.RawURLEncoding.EncodeToString(append(raw, mac.Sum(nil)[:size]...))
}

func TestHashAndMACLayout(t *testing.T) {
	file := generated(t)
	id, key := rawKey(t, file, "hash")
	v := opened(t, vault.Options{Keys: file})
	hash := byHand(id, key, 16, append([]byte{1}, prefixed("p", "ab", "c")...))
	if got := v.Hash("p", "ab", "c"); string(got) != hash {
		t.Errorf("Hash %q, by hand %q", got, hash)
	}
	mac := byHand(id, key, 32, append(append([]byte{2}, prefixed("p")...), "data"...))
	if got := v.MAC("p", []byte("data")); got != mac {
		t.Errorf("MAC %q, by hand %q", got, mac)
	}
}
