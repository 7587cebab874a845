package outbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
)

// The headers of a signed call, in the form that package http gives them.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// version is that of signatures with HMAC-SHA-256.
const version = "v1,"

// Sign gives the header Webhook-Signature: a signature for each secret, with spaces between.
func Sign(signing []rooms.Signing, id string, at time.Time, body []byte) (string, error) {
	all := make([]string, len(signing))
	for i, s := range signing {
		key, err := s.Key()
		if err != nil {
			return "", err
		}
		all[i] = version + base64.StdEncoding.EncodeToString(sum(key, id, strconv.FormatInt(at.Unix(), 10), body))
	}
	return strings.Join(all, " "), nil
}

// sum is the HMAC over id, time and body with dots between.
func sum(key []byte, id, at string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + at + "."))
	h.Write(body)
	return h.Sum(nil)
}

// The faults that Verify finds.
var (
	ErrUnsigned  = errors.New("the headers webhook-id, webhook-timestamp and webhook-signature are not all there")
	ErrTimestamp = errors.New("the time of the signature is too far from now")
	ErrSignature = errors.New("no signature is good")
)

// Verify says whether a call was signed with a secret, not longer ago, or ahead, than the tolerance;
// 0 is any time.
func Verify(s rooms.Signing, h http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	key, err := s.Key()
	if err != nil {
		return err
	}
	id, at := h.Get(HeaderID), h.Get(HeaderTimestamp)
	if id == "" || at == "" || h.Get(HeaderSignature) == "" {
		return ErrUnsigned
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || tolerance > 0 && now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return ErrTimestamp
	}
	want := sum(key, id, at, body)
	for one := range strings.FieldsSeq(h.Get(HeaderSignature)) {
		text, ok := strings.CutPrefix(one, version)
		got, err := base64.StdEncoding.DecodeString(text)
		if ok && err == nil && hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}
