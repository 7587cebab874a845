package httpsms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// claims are what a signed call says of itself.
type claims struct {
	IssuedAt float64 `json:"iat"`
	Expires  float64 `json:"exp"`
	Before   float64 `json:"nbf"`
	Payload  string  `json:"payload_hash"`
}

// jwt looks at the token in Authorization: HS256 and nothing else (RFC 7515), issued within the window, for this very body.
// The library for tokens refuses the short keys that some providers give.
func (v Verify) jwt(c proof, known string, now time.Time) bool {
	given := c.Header.Values("Authorization")
	if len(given) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	said, ok := openJWT(token, known)
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	sum := sha256.Sum256(c.body)
	return within(said, now, v.Window) && same(strings.ToLower(said.Payload), hex.EncodeToString(sum[:]))
}

// openJWT gives the claims of a token that is signed with a secret.
func openJWT(token, known string) (said claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || known == "" {
		return said, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	h := hmac.New(sha256.New, []byte(known))
	h.Write([]byte(parts[0] + "." + parts[1]))
	if err != nil || !hmac.Equal(h.Sum(nil), signature) {
		return said, false
	}
	var header struct {
		Algorithm string   `json:"alg"`
		Critical  []string `json:"crit"`
	}
	if !readPart(parts[0], &header) || header.Algorithm != "HS256" || len(header.Critical) > 0 {
		return said, false
	}
	return said, readPart(parts[1], &said)
}

func readPart(text string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// within says whether a token is of now.
func within(said claims, now time.Time, window time.Duration) bool {
	at := float64(now.Unix())
	slack := window.Seconds()
	return said.IssuedAt > 0 && at-said.IssuedAt <= slack && said.IssuedAt-at <= slack &&
		(said.Expires == 0 || at < said.Expires) && said.Before <= at+slack
}
