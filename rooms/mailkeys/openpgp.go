package mailkeys

import (
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
)

// openpgp is a public key.
type openpgp struct {
	key *crypto.Key
	now time.Time
}

func readOpenPGP(text string, now time.Time) (openpgp, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
		return openpgp{}, fmt.Errorf("%w: one public key, armored", ErrKey)
	}
	key, err := crypto.NewKeyFromArmored(text)
	switch {
	case err != nil:
		return openpgp{}, fmt.Errorf("%w: a key that cannot be read", ErrKey)
	case key.IsPrivate():
		return openpgp{}, fmt.Errorf("%w: a private key, which belongs to nobody but its owner", ErrKey)
	case !key.CanEncrypt(now.Unix()):
		return openpgp{}, fmt.Errorf("%w: the key cannot be encrypted with at this time", ErrKey)
	}
	return openpgp{key, now}, nil
}

func (o openpgp) text() (string, error) {
	text, err := o.key.GetArmoredPublicKeyWithCustomHeaders("", "")
	if err != nil {
		return "", fmt.Errorf("%w: a key that cannot be written", ErrKey)
	}
	return text, nil
}

// encrypt gives an armored message.
func (o openpgp) encrypt(plain []byte) ([]byte, error) {
	handle, err := crypto.PGP().Encryption().Recipient(o.key).EncryptionTime(o.now.Unix()).New()
	if err != nil {
		return nil, err
	}
	message, err := handle.Encrypt(plain)
	if err != nil {
		return nil, err
	}
	return message.ArmorBytes()
}
