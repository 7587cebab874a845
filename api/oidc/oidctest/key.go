package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Key is a signing key as a provider holds it.
type Key struct {
	// ID is the key's kid.
	ID string
	// Algorithm is RS256, ES256 or EdDSA.
	Algorithm string
	// Private is an RSA, P-256 or Ed25519 private key.
	Private crypto.Signer
}

// NewKey returns a fresh key for RS256, ES256 or EdDSA.
func NewKey(tb testing.TB, id, algorithm string) *Key {
	tb.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case "RS256":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		tb.Fatalf("oidctest: no keys for algorithm %q", algorithm)
	}
	if err != nil {
		tb.Fatalf("oidctest: new key: %v", err)
	}
	return &Key{ID: id, Algorithm: algorithm, Private: private}
}

// Token signs a payload under a JOSE header; the header's own members come before alg, kid and typ of the key. It is
// written apart from any JOSE library, so that tests hold the library against something else than itself.
func (k *Key) Token(tb testing.TB, header map[string]any, payload []byte) string {
	tb.Helper()
	full := map[string]any{"alg": k.Algorithm, "kid": k.ID, "typ": "at+jwt"}
	for name, value := range header {
		full[name] = value
	}
	text, err := json.Marshal(full)
	if err != nil {
		tb.Fatalf("oidctest: header: %v", err)
	}
	return Assemble(text, payload, func(input []byte) []byte { return k.sign(tb, input) })
}

// Assemble joins header, payload and signature to a compact JWS (RFC 7515 §7.1), whatever they are.
func Assemble(header, payload []byte, sign func(input []byte) []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header) + "." + encode(payload)
	return input + "." + encode(sign([]byte(input)))
}

// sign returns the signature of RFC 7518 §3.3 and §3.4, or of RFC 8037 §3.1.
func (k *Key) sign(tb testing.TB, input []byte) []byte {
	tb.Helper()
	digest := sha256.Sum256(input)
	var signature []byte
	var err error
	switch private := k.Private.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, private, digest[:])
		if err = signErr; err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(private, input)
	}
	if err != nil {
		tb.Fatalf("oidctest: sign: %v", err)
	}
	return signature
}

// publicSet is the JWKS (RFC 7517 §5) that a provider publishes.
func publicSet(keys []*Key) jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID, Algorithm: k.Algorithm, Use: "sig"})
	}
	return set
}

// privateSet is the JWKS that a provider signs with.
func privateSet(keys []*Key) jose.JSONWebKeySet {
	set := publicSet(keys)
	for i, k := range keys {
		set.Keys[i].Key = k.Private
	}
	return set
}
