package request

import (
	"errors"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/mailkeys"
)

// The members that hold a person's keys.
const (
	smimeCertificate = "smimeCertificate"
	openpgpKey       = "openpgpKey"
)

// key reads one of them; empty, where that is allowed, it takes away what there was.
func (r *reader) key(member string, now time.Time, mayBeEmpty bool, to *rooms.Contact) error {
	kind := rooms.SMIME
	if member == openpgpKey {
		kind = rooms.OpenPGP
	}
	return r.checked(v1.FaultCodeInvalidKey, func(s string) error {
		if s == "" && mayBeEmpty {
			to.SetKey(rooms.EncryptionKey{Kind: kind})
			return nil
		}
		k, err := mailkeys.Parse(kind, s, now)
		if err == nil {
			to.SetKey(k)
		}
		return err
	})
}

var errNoMail = errors.New("a key is for mail, and there is no e-mail address")

// keyless finds a key of somebody without an e-mail address, by its member.
func keyless(c rooms.Contact) (member string, found bool) {
	for _, e := range c.Endpoints() {
		if e.Channel == rooms.Email {
			return "", false
		}
	}
	if !c.Key(rooms.SMIME).IsZero() {
		return smimeCertificate, true
	}
	return openpgpKey, !c.Key(rooms.OpenPGP).IsZero()
}
