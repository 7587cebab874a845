package devissuer

import (
	"crypto/rand"
	"crypto/rsa"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// keyBits is the least RSA key that RS256 allows (RFC 7518 §3.3), and quick to make at start.
const keyBits = 2048

// signingKey is the one key, private side.
type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

var _ op.SigningKey = signingKey{}

func newSigningKey() (signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	return signingKey{id: rand.Text(), private: private}, err
}

func (k signingKey) ID() string { return k.id }

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

func (k signingKey) Key() any { return k.private }

// publicKey is its public side, as the key set shows it.
type publicKey struct{ of signingKey }

var _ op.Key = publicKey{}

func (k publicKey) ID() string { return k.of.id }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

func (k publicKey) Use() string { return "sig" }

func (k publicKey) Key() any { return &k.of.private.PublicKey }
