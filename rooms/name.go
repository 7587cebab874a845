package rooms

import (
	"errors"
	"fmt"
	"strings"
)

// Room names a group of subscribers, such as "newborn". One to 64 of a-z, 0-9, '-' and '_',
// beginning with a letter or digit, so that it is a NATS subject token and a URL path segment.
type Room string

// Type names a kind of message within a room, such as "reminder". Same grammar as Room.
type Type string

// Client is the OAuth 2.0 client that calls, as its identity provider names it
// (claim azp, client_id or sub). One to 128 printable ASCII characters without space.
type Client string

// Gateway is who publishes what crier itself has to say. No token makes anybody that.
const Gateway Client = "crier"

// OperatorAlert is the type of what crier tells its operators.
const OperatorAlert Type = "operator-alert"

// UMID is the unique message id that GovStack asks for: a ULID, 26 characters in
// Crockford's base 32, whose first ten are the time of acceptance in milliseconds.
type UMID string

// SubscriberID is the keyed hash of room and contact: 160 bits in 27 characters of base64url
// (RFC 4648 §5).
type SubscriberID string

const (
	maxName   = 64
	maxClient = 128
	umidLen   = 26
	idLen     = 27
	idLast    = "AEIMQUYcgkosw048" // what ends an id: every fourth character of the alphabet
)

// ErrName is wrapped by every refusal of a name; its text never repeats the input.
var ErrName = errors.New("not a valid name")

// ParseRoom accepts a room name or says why not.
func ParseRoom(s string) (Room, error) { return Room(s), checkName("room", s) }

// ParseType accepts a message type or says why not.
func ParseType(s string) (Type, error) { return Type(s), checkName("type", s) }

// ParseClient accepts a client id or says why not.
func ParseClient(s string) (Client, error) {
	if s == "" || len(s) > maxClient {
		return "", fmt.Errorf("%w: a client id has 1 to %d characters", ErrName, maxClient)
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return "", fmt.Errorf("%w: a client id has printable ASCII only", ErrName)
		}
	}
	return Client(s), nil
}

// ParseUMID accepts a ULID in upper case.
func ParseUMID(s string) (UMID, error) {
	if len(s) != umidLen || s[0] > '7' {
		return "", fmt.Errorf("%w: a UMID has %d characters", ErrName, umidLen)
	}
	for _, c := range []byte(s) {
		if crockford(c) < 0 {
			return "", fmt.Errorf("%w: a UMID is in Crockford's base 32", ErrName)
		}
	}
	return UMID(s), nil
}

// ParseSubscriberID accepts 27 characters of base64url whose two unused bits are zero, so that
// each id has one form.
func ParseSubscriberID(s string) (SubscriberID, error) {
	if len(s) != idLen || !all(s, isBase64URL) || strings.IndexByte(idLast, s[idLen-1]) < 0 {
		return "", fmt.Errorf("%w: a subscriber id is %d characters of base64url", ErrName, idLen)
	}
	return SubscriberID(s), nil
}

func checkName(what, s string) error {
	if s == "" || len(s) > maxName {
		return fmt.Errorf("%w: a %s has 1 to %d characters", ErrName, what, maxName)
	}
	if s[0] == '-' || s[0] == '_' || !all(s, isName) {
		return fmt.Errorf("%w: a %s has a-z, 0-9, '-' and '_', and begins with a letter or digit", ErrName, what)
	}
	return nil
}

func isName(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func isBase64URL(c byte) bool { return isName(c) || 'A' <= c && c <= 'Z' }

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

const crockfordAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func crockford(c byte) int {
	for i := range len(crockfordAlphabet) {
		if crockfordAlphabet[i] == c {
			return i
		}
	}
	return -1
}
