package registry

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
)

// ErrToken says that a token is not one of ours, or was made with a key that is no longer enabled.
var ErrToken = errors.New("token not good")

// tokenMAC is how many bytes of the keyed hash a token has. Who guesses one has somebody's answer come to a message that it
// does not answer, or a delivery bounce: worth a mailbox flooded for centuries, and no more.
const tokenMAC = 8

// Tokens stand for attempts where others repeat them to us: in return paths and addresses for answers. They are signed,
// tell nothing but a message's id and a number, and survive that their case is changed.
type Tokens struct{ Vault Vault }

// letters are those that addresses may have, whoever changes their case.
func letters() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

// Sign gives the token of an attempt; empty if its message has an id that is none.
func (t Tokens) Sign(a rooms.AttemptID) string {
	id, err := ulid.ParseStrict(string(a.UMID))
	if err != nil {
		return ""
	}
	body := id.Bytes()
	for _, n := range []int{a.N, a.Attempt, a.Round} {
		body = binary.AppendUvarint(body, uint64(n)) //nolint:gosec // counts are not negative
	}
	return letters().EncodeToString(append(body, t.macs(body)[0]...))
}

// Open reads what Sign wrote. Errors are ErrToken.
func (t Tokens) Open(token string) (rooms.AttemptID, error) {
	raw, err := letters().DecodeString(string(bytes.ToLower([]byte(token))))
	if err != nil || len(raw) < len(ulid.ULID{})+3+tokenMAC {
		return rooms.AttemptID{}, ErrToken
	}
	body, mac := raw[:len(raw)-tokenMAC], raw[len(raw)-tokenMAC:]
	if !t.signed(body, mac) {
		return rooms.AttemptID{}, ErrToken
	}
	return read(body)
}

func (t Tokens) signed(body, mac []byte) bool {
	for _, known := range t.macs(body) {
		if bytes.Equal(known, mac) { // guessing takes an e-mail each, so time tells nothing
			return true
		}
	}
	return false
}

// macs are those under each enabled key, the primary's first.
func (t Tokens) macs(body []byte) [][]byte {
	var all [][]byte
	for _, h := range t.Vault.HashAll("token", string(body)) {
		raw, err := base64.RawURLEncoding.DecodeString(string(h))
		if err == nil && len(raw) >= tokenMAC {
			all = append(all, raw[len(raw)-tokenMAC:])
		}
	}
	return all
}

func read(body []byte) (rooms.AttemptID, error) {
	var id ulid.ULID
	rest := body[copy(id[:], body):]
	var numbers [3]int
	for i := range numbers {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > math.MaxInt32 {
			return rooms.AttemptID{}, ErrToken
		}
		numbers[i], rest = int(n), rest[size:]
	}
	if len(rest) > 0 {
		return rooms.AttemptID{}, ErrToken
	}
	delivery := rooms.DeliveryID{UMID: rooms.UMID(id.String()), N: numbers[0]}
	return rooms.AttemptID{DeliveryID: delivery, Attempt: numbers[1], Round: numbers[2]}, nil
}
