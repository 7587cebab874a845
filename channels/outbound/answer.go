package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/govcrier/crier/channels/lanes"
)

// Answer is what came of a call. Nothing in it repeats what the other side has said.
type Answer struct {
	Status     int           // of HTTP; 0 if there was no answer
	RetryAfter time.Duration // what the answer asks for, or when there may be room; 0 if nothing
	Err        error         // why there was no answer: one of those of this package, or a *lanes.Full
	Late       bool          // the time was over
	Taken      bool          // without answer: the other side may have got the call all the same
}

// The reasons why there is no answer, beside the refusals of addresses.
var (
	ErrName    = errors.New("outbound: the name does not resolve")
	ErrTLS     = errors.New("outbound: no TLS with a certificate that is trusted")
	ErrConnect = errors.New("outbound: no connection, or it broke")
	// ErrResting says that the host has not answered in time too often, and is left alone for a while.
	ErrResting = errors.New("outbound: the host does not answer in time and is left alone")
)

// kind tells errors apart. The texts of net/http hold URLs, so they are dropped.
func kind(err error) error {
	for _, known := range []error{ErrAddress, ErrPort, ErrPlain} {
		if errors.Is(err, known) {
			return known
		}
	}
	var name *net.DNSError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var host x509.HostnameError
	switch {
	case errors.As(err, &name):
		return ErrName
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &host):
		return ErrTLS
	}
	return ErrConnect
}

// late says that the time of a part of a call was over, which is that of the whole.
func late(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}

// OK says that the other side has taken the call.
func (a Answer) OK() bool { return a.Status/100 == 2 }

// Final says that the same call will get no other answer.
func (a Answer) Final() bool {
	switch a.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	case 0:
		return !a.Late && (errors.Is(a.Err, ErrAddress) || errors.Is(a.Err, ErrPort) || errors.Is(a.Err, ErrPlain) || errors.Is(a.Err, ErrURL))
	}
	return a.Status/100 == 3 || a.Status/100 == 4
}

// Code says in a word what came of it, such as "HTTP 503".
func (a Answer) Code() string {
	if a.Status > 0 {
		return "HTTP " + strconv.Itoa(a.Status)
	}
	for _, k := range []struct {
		err  error
		code string
	}{
		{ErrAddress, "address-not-allowed"}, {ErrPort, "port-not-allowed"}, {ErrPlain, "tls-needed"}, {ErrURL, "url"},
		{ErrName, "dns"}, {ErrTLS, "tls"}, {ErrConnect, "connection"}, {ErrResting, "resting"},
	} {
		if errors.Is(a.Err, k.err) {
			return k.code
		}
	}
	var full *lanes.Full
	if errors.As(a.Err, &full) {
		return "busy"
	}
	return ""
}

// A receiver may ask for patience, within reason: what it asks for can neither have it called at
// once, again and again, nor never.
const (
	minRetryAfter = time.Minute
	maxRetryAfter = time.Hour
)

// retryAfter reads RFC 9110 §10.2.3.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	} else {
		return 0
	}
	return min(max(wait, minRetryAfter), maxRetryAfter)
}
