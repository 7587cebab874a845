package rooms

import "slices"

// KeyKind says how mail is encrypted.
type KeyKind string

// The kinds of keys, in the order in which they are preferred.
const (
	SMIME   KeyKind = "smime"   // RFC 8551: an X.509 certificate, PEM
	OpenPGP KeyKind = "openpgp" // RFC 9580: a public key, armored
)

// EncryptionKey is public, but says whose it is.
type EncryptionKey struct {
	Kind KeyKind
	Text Body
}

// SetKey puts in a person's key of its kind, in the place of another; one without text takes it away.
func (c *Contact) SetKey(k EncryptionKey) {
	keys := slices.DeleteFunc(slices.Clone(c.Keys), func(other EncryptionKey) bool { return other.Kind == k.Kind })
	switch {
	case k.Text.IsZero():
	case k.Kind == SMIME:
		keys = slices.Insert(keys, 0, k)
	default:
		keys = append(keys, k)
	}
	c.Keys = keys
}

// Key gives a person's key of a kind, empty if there is none.
func (c Contact) Key(kind KeyKind) Body {
	for _, k := range c.Keys {
		if k.Kind == kind {
			return k.Text
		}
	}
	return Body{}
}
