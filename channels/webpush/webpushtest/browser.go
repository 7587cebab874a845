package webpushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Browser holds the private half of a subscription.
type Browser struct {
	Endpoint string
	Private  *ecdh.PrivateKey
	Auth     []byte
	// Key is the VAPID key that the subscription was made with, in base64url; empty: any.
	Key string
}

func newBrowser(endpoint string) (*Browser, error) {
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	auth := make([]byte, 16)
	_, _ = rand.Read(auth) // never fails
	return &Browser{Endpoint: endpoint, Private: private, Auth: auth}, err
}

// Subscription is what a page gets from the browser, as JSON.
func (b *Browser) Subscription() string {
	text, _ := json.Marshal(map[string]any{ // strings always marshal
		"endpoint": b.Endpoint, "expirationTime": nil,
		"keys": map[string]string{
			"p256dh": base64.RawURLEncoding.EncodeToString(b.Private.PublicKey().Bytes()),
			"auth":   base64.RawURLEncoding.EncodeToString(b.Auth),
		},
	})
	return string(text)
}

// mac is HMAC-SHA-256, of which RFC 5869 makes HKDF; no derived key here is longer than one of them.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		_, _ = h.Write([]byte(p)) // never fails
	}
	return h.Sum(nil)
}

// open reads a body of one record: RFC 8188 §2.1 for its head, RFC 8291 §3.4 for its keys.
func (b *Browser) open(body []byte) (string, error) {
	if len(body) < 86 || body[20] != 65 {
		return "", errors.New("no head with a key of P-256")
	}
	salt, point, record := body[:16], body[21:86], body[86:]
	theirs, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return "", errors.New("no point of P-256")
	}
	secret, err := b.Private.ECDH(theirs)
	if err != nil {
		return "", fmt.Errorf("no secret: %w", err)
	}
	ikm := mac(mac(b.Auth, string(secret)), "WebPush: info\x00", string(b.Private.PublicKey().Bytes()), string(point), "\x01")
	prk := mac(salt, string(ikm))
	block, err := aes.NewCipher(mac(prk, "Content-Encoding: aes128gcm\x00\x01")[:16])
	if err != nil {
		return "", err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return "", err
	}
	plain, err := gcm.Open(nil, mac(prk, "Content-Encoding: nonce\x00\x01")[:12], record, nil)
	if err != nil {
		return "", errors.New("a record that does not open")
	}
	text := strings.TrimRight(string(plain), "\x00")
	if !strings.HasSuffix(text, "\x02") {
		return "", errors.New("no delimiter of the last record")
	}
	return text[:len(text)-1], nil
}

// verify reads a header of RFC 8292 §3 and gives the claims of its token.
func verify(header, origin, key string) (claims string, err error) {
	fields, ok := strings.CutPrefix(header, "vapid t=")
	text, k, found := strings.Cut(fields, ", k=")
	point, errPoint := base64.RawURLEncoding.DecodeString(k)
	if !ok || !found || errPoint != nil || len(point) != 65 || key != "" && k != key {
		return "", errors.New("no token of the key that the subscription was made with")
	}
	signed, err := jose.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return "", fmt.Errorf("a token that cannot be read: %w", err)
	}
	raw := base64.RawURLEncoding.EncodeToString
	var public jose.JSONWebKey
	if err := public.UnmarshalJSON([]byte(`{"kty":"EC","crv":"P-256","x":"` + raw(point[1:33]) + `","y":"` + raw(point[33:]) + `"}`)); err != nil {
		return "", err
	}
	payload, err := signed.Verify(public)
	if err != nil {
		return "", fmt.Errorf("a token that another has signed: %w", err)
	}
	var c struct {
		Aud, Sub string
		Exp      int64
	}
	left := func() time.Duration { return time.Until(time.Unix(c.Exp, 0)) }
	if json.Unmarshal(payload, &c) != nil || c.Aud != origin || c.Sub == "" || left() < 0 || left() > 24*time.Hour {
		return "", fmt.Errorf("claims: %s", payload)
	}
	return string(payload), nil
}
