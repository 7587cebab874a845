package rooms

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// APIKey is a key by which callers of the e-mail API are known as a client. The key itself is kept nowhere.
type APIKey struct {
	ID     string    `json:"id"`
	Client Client    `json:"client"`
	By     Client    `json:"by,omitzero"` // who has made it
	Since  time.Time `json:"since"`
	Hash   string    `json:"-"` // keyed, of the key; stands in the subject
	Gone   bool      `json:"-"` // it was revoked
	Entry  uint64    `json:"-"` // of the KV
}

const (
	apiKeyPrefix = "ck_"
	apiKeyBytes  = 32
	maxAPIKey    = 200
	apiKeyIDLen  = 12
)

// NewAPIKey makes a key that nobody can guess, and an id to speak of it.
func NewAPIKey() (id string, key Secret) {
	random := make([]byte, apiKeyBytes)
	_, _ = rand.Read(random) // never fails, says crypto/rand
	return rand.Text()[:apiKeyIDLen], NewSecret(apiKeyPrefix + base64.RawURLEncoding.EncodeToString(random))
}

// ParseAPIKey accepts what can be a key: printable ASCII without spaces. The refusal does not repeat it.
func ParseAPIKey(s string) (Secret, error) {
	if s == "" || len(s) > maxAPIKey || !all(s, func(c byte) bool { return c > ' ' && c <= '~' }) {
		return Secret{}, fmt.Errorf("%w: a key has 1 to %d characters of printable ASCII, without spaces", ErrText, maxAPIKey)
	}
	return NewSecret(s), nil
}

// ParseAPIKeyID accepts what NewAPIKey gives as an id.
func ParseAPIKeyID(s string) (string, error) {
	if len(s) != apiKeyIDLen || !all(s, func(c byte) bool { return 'A' <= c && c <= 'Z' || '2' <= c && c <= '7' }) {
		return "", fmt.Errorf("%w: the id of a key has %d characters of base 32", ErrName, apiKeyIDLen)
	}
	return s, nil
}

const emailRoomPrefix = "email-"

// EmailRoom is where the e-mail API calls of a client are published: email-<client>, or a hash in place of a name that no
// room can have.
func EmailRoom(c Client) Room {
	if r, err := ParseRoom(emailRoomPrefix + string(c)); err == nil && !strings.HasPrefix(string(c), "x-") {
		return r
	}
	sum := sha256.Sum256([]byte(c))
	return Room(emailRoomPrefix + "x-" + hex.EncodeToString(sum[:12]))
}
