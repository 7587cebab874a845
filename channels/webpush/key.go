package webpush

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/govcrier/crier/channels/credential"
)

// Key is the pair by which push services know this gateway (RFC 8292). Browsers hold each subscription to the key that it was
// made with, so that whoever changes it has to have all people subscribe again.
type Key struct {
	private *ecdsa.PrivateKey
}

// NewKey makes one.
func NewKey() (Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("webpush: %w", err)
	}
	return Key{k}, nil
}

// ReadKey reads the private half: PEM (PKCS #8 or SEC 1), or its 32 bytes in base64url, as most tools for VAPID give it. A
// file that group or others may read is refused; files may be nil.
func ReadKey(ctx context.Context, files *credential.Files, file string) (Key, error) {
	if file == "" {
		return Key{}, errors.New("webpush: keyFile: it is needed; crier keys webpush makes one")
	}
	text, err := files.Read(ctx, file)
	if err != nil {
		return Key{}, fmt.Errorf("webpush: keyFile: %w", err)
	}
	k, ok := parseKey([]byte(text.Reveal()))
	if !ok {
		return Key{}, fmt.Errorf("webpush: keyFile: %s holds no private key of P-256, in PEM or base64url", file)
	}
	return k, nil
}

// parseKey says nothing of what is wrong: it may be next to a key.
func parseKey(text []byte) (Key, bool) {
	if block, _ := pem.Decode(text); block != nil {
		return parseDER(block.Bytes)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(string(text)), "="))
	if err != nil {
		return Key{}, false
	}
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	return Key{private}, err == nil
}

func parseDER(der []byte) (Key, bool) {
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return Key{k}, k.Curve == elliptic.P256()
	}
	any, err := x509.ParsePKCS8PrivateKey(der)
	k, ok := any.(*ecdsa.PrivateKey)
	return Key{k}, err == nil && ok && k.Curve == elliptic.P256()
}

// Public is what a page gives the browser as applicationServerKey, in base64url.
func (k Key) Public() (string, error) {
	public, err := k.private.PublicKey.Bytes()
	if err != nil {
		return "", fmt.Errorf("webpush: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(public), nil
}

// Private is the text of a key file, in base64url.
func (k Key) Private() (string, error) {
	private, err := k.private.Bytes()
	if err != nil {
		return "", fmt.Errorf("webpush: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(private), nil
}
