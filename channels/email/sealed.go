package email

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/mailkeys"
)

// errSealing says that there is a key to encrypt with, which does not do.
var errSealing = errors.New("email: not to be encrypted with the person's key")

// codeSealing is what a relay would say of it (RFC 3463 §3.8).
const codeSealing = "554 5.7.5"

// seal gives the body for a person who has a key: signed, if the signer is not nil and the key one of S/MIME, then encrypted. The header lines in
// front, his subject, are within (protected headers); nothing of the content is outside.
func seal(k rooms.EncryptionKey, c rooms.Content, hidden []byte, s *signer, now time.Time) (body, error) {
	key := keyOf(c, s != nil)
	entity, err := compose(c, key)
	if err != nil {
		return body{}, err
	}
	entity = protect(entity, hidden)
	if s != nil && k.Kind == rooms.SMIME {
		if entity, err = s.sign(entity, key.boundary("signed-")); err != nil {
			return body{}, fmt.Errorf("%w: %w", errSealing, err)
		}
	}
	sealed, err := mailkeys.Encrypt(k, entity, now)
	if err != nil {
		return body{}, fmt.Errorf("%w: %w", errSealing, err)
	}
	if k.Kind == rooms.OpenPGP {
		entity = pgpEntity(sealed, key.boundary("sealed-"))
	} else {
		entity = cmsEntity(sealed)
	}
	return body{entity, hashBody(entity)}, nil
}

// protect puts header lines into an entity, and says that they are those of the message.
func protect(entity, hidden []byte) []byte {
	if len(hidden) == 0 {
		return entity
	}
	own, content, _ := bytes.Cut(entity, []byte("\r\n\r\n"))
	out := bytes.Clone(hidden)
	for _, f := range fieldsOf(append(bytes.Clone(own), "\r\n"...)) {
		if f.name == "content-type" {
			f.text = f.text[:len(f.text)-2] + ";\r\n protected-headers=\"v1\"\r\n"
		}
		out = append(out, f.text...)
	}
	return append(append(out, "\r\n"...), content...)
}

// cmsEntity is that of RFC 8551 §3.3.
func cmsEntity(der []byte) []byte {
	const header = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name=\"smime.p7m\"\r\n" +
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
	return append([]byte(header), inLines(der)...)
}

// pgpEntity is that of RFC 3156 §4.
func pgpEntity(armored []byte, boundary string) []byte {
	armored = bytes.TrimSpace(bytes.ReplaceAll(bytes.ReplaceAll(armored, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
	return fmt.Appendf(nil, "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=%s\r\n\r\n"+
		"--%[1]s\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"+
		"--%[1]s\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\r\n%[2]s\r\n\r\n--%[1]s--\r\n", boundary, armored)
}
