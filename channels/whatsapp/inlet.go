package whatsapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	maxCall         = 3 << 20 // bytes of a call, as Meta has it
	maxChallenge    = 128
	signatureHeader = "X-Hub-Signature-256"
	signaturePrefix = "sha256="
)

// Inlet is what Meta calls.
func (c *Cloud) Inlet() http.Handler { return http.HandlerFunc(c.serve) }

func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case !c.options.hears():
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		c.verify(r.Context(), w, r.URL.Query())
	default:
		w.WriteHeader(c.hear(r))
	}
}

// verify answers whether this is the URL that the operator has given to Meta.
func (c *Cloud) verify(ctx context.Context, w http.ResponseWriter, q url.Values) {
	known, err := c.options.Credentials.Line(ctx, c.options.VerifyFile)
	if err != nil {
		c.deps.Log.Error("the word of verifyFile cannot be read", "provider", c.deps.Name, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	given, challenge := q.Get("hub.verify_token"), q.Get("hub.challenge")
	if q.Get("hub.mode") != "subscribe" || subtle.ConstantTimeCompare([]byte(given), []byte(known)) != 1 {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if !isWord(challenge) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, challenge)
}

// isWord accepts what can be repeated to anybody.
func isWord(s string) bool {
	return s != "" && len(s) <= maxChallenge && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}

// hear takes all that a call says, and gives the status to answer.
func (c *Cloud) hear(r *http.Request) (status int) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	switch {
	case err != nil:
		return http.StatusBadRequest
	case len(body) > maxCall:
		return http.StatusRequestEntityTooLarge
	}
	key, err := c.options.Credentials.Line(r.Context(), c.options.SecretFile)
	if err != nil {
		c.deps.Log.Error("the app's secret cannot be read", "provider", c.deps.Name, "error", err)
		return http.StatusServiceUnavailable
	}
	if !signed(r.Header.Values(signatureHeader), key, body) {
		return http.StatusForbidden
	}
	news, ok := read(body)
	if !ok {
		return http.StatusBadRequest
	}
	if err := c.take(r.Context(), news); err != nil {
		c.deps.Log.Warn("what Meta has called is not taken yet", "provider", c.deps.Name, "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// signed says whether a body is signed with the app's secret.
func signed(given []string, key string, body []byte) bool {
	if len(given) != 1 || !strings.HasPrefix(given[0], signaturePrefix) {
		return false
	}
	mac, err := hex.DecodeString(strings.TrimPrefix(given[0], signaturePrefix))
	if err != nil {
		return false
	}
	h := hmac.New(sha256.New, []byte(key))
	h.Write(body)
	return hmac.Equal(h.Sum(nil), mac)
}
