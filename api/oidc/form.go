package oidc

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxToken bounds a token, in bytes. Providers stay under 8 KiB, the usual limit of a whole HTTP header.
const maxToken = 16 << 10

// header is the part of a JOSE header (RFC 7515 §4) that is judged before any key is looked at.
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
}

// checkForm refuses what is not a signed JWT of an allowed algorithm. It trusts nothing and proves nothing.
func checkForm(token string, algorithms []string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") { // Go's base64 decoders skip line ends
		return ErrMalformed
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return err
	}
	if !slices.Contains(algorithms, h.Algorithm) {
		return ErrAlgorithm
	}
	if !h.mayBeAccessToken() || parts[1] == "" || parts[2] == "" {
		return ErrMalformed
	}
	return nil
}

func parseHeader(part string) (header, error) {
	var h header
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return h, ErrMalformed
	}
	if err := json.Unmarshal(text, &h); err != nil || h.Algorithm == "" {
		return h, ErrMalformed
	}
	return h, nil
}

// mayBeAccessToken tells access tokens from other JWTs by their explicit type (RFC 9068 §2.1, RFC 8725 §3.11). Many
// providers give none, or the general "JWT".
func (h header) mayBeAccessToken() bool {
	switch strings.ToLower(h.Type) {
	case "", "jwt", "at+jwt", "application/at+jwt":
		return true
	}
	return false
}
