package matrix

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// The codes of the specification that are looked at.
const (
	codeUnknownToken = "M_UNKNOWN_TOKEN"
	codeLimited      = "M_LIMIT_EXCEEDED"
	codeForbidden    = "M_FORBIDDEN"
	codeNotFound     = "M_NOT_FOUND"
	codeRoomInUse    = "M_ROOM_IN_USE"
	codeUnrecognized = "M_UNRECOGNIZED"
)

// fault is an answer that is no success, or none. Its text has no URL and nothing that the other side has written but its code.
type fault struct {
	status int    // of HTTP; 0: no answer
	code   string // errcode, or a word of ours
	after  time.Duration
	soft   bool // soft_logout
	late   bool // the time was over
	taken  bool // without a whole answer: the homeserver may have taken it
}

func (f *fault) Error() string { return fmt.Sprintf("matrix: %s (status %d)", f.word(), f.status) }

// word is the code as it is kept.
func (f *fault) word() string {
	if f.code == "" {
		return "HTTP " + strconv.Itoa(f.status)
	}
	return f.code
}

func newFault(answer *http.Response, now time.Time) *fault {
	var said struct {
		Code  string  `json:"errcode"`
		After float64 `json:"retry_after_ms"`
		Soft  bool    `json:"soft_logout"`
	}
	f := &fault{status: answer.StatusCode}
	if json.UnmarshalRead(io.LimitReader(answer.Body, maxFault), &said, lenient()) == nil && isErrcode(said.Code) {
		f.code, f.soft = said.Code, said.Soft
	}
	f.after = retryAfter(answer.Header.Get("Retry-After"), now)
	if f.after == 0 && said.After > 0 {
		f.after = time.Duration(min(said.After, maxAfter.Seconds()*1000)) * time.Millisecond
	}
	return f
}

// isErrcode holds for codes such as M_FORBIDDEN, of the specification or of a vendor.
func isErrcode(s string) bool {
	return s != "" && len(s) <= 32 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '.'
	})
}

const (
	maxAfter     = time.Hour
	defaultAfter = time.Second
)

// retryAfter reads RFC 9110 §10.2.3.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxAfter)
	}
	return 0
}

// is says whether a failure is an answer with one of the codes.
func is(err error, codes ...string) bool {
	var f *fault
	return errors.As(err, &f) && slices.Contains(codes, f.code)
}

// passing says that the same request may succeed later.
func passing(err error) bool {
	var f *fault
	if !errors.As(err, &f) {
		return true
	}
	return f.status == 0 || f.status == http.StatusOK || f.status == http.StatusUnauthorized || f.limited() || f.status >= 500 || f.ours()
}

func (f *fault) limited() bool {
	return f.code == codeLimited || f.status == http.StatusTooManyRequests
}

// ours says that it is our account or its configuration that is refused, and not this delivery.
func (f *fault) ours() bool {
	return f.status == http.StatusUnauthorized || f.status/100 == 3 || f.status == http.StatusMethodNotAllowed ||
		slices.Contains([]string{
			codeUnknownToken, codeUnrecognized, "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED",
			"M_CONSENT_NOT_GIVEN", "M_RESOURCE_LIMIT_EXCEEDED",
		}, f.code)
}

// foreign says that somebody between us and the homeserver has refused: an answer of the homeserver has an errcode.
func (f *fault) foreign() bool {
	return f.code == "" && f.status/100 == 4 && f.status != http.StatusRequestTimeout
}

// outcome is what a failure means for a delivery; sending says that it is the message itself that was refused or lost.
func outcome(err error, sending bool) channels.Outcome {
	var f *fault
	switch {
	case errors.Is(err, errLogin):
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: "credential"}
	case !errors.As(err, &f):
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "credential"}
	}
	o := channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: f.word()}
	switch {
	case f.status == 0 || f.status == http.StatusOK:
		o.Reason = f.lost(sending)
	case f.limited():
		o.Result, o.Reason, o.After = channels.Throttled, rooms.Throttled, max(f.after, defaultAfter)
	case f.ours() || f.foreign():
		o.Reason = rooms.Unreachable
	case f.code == codeNotFound:
		o.Result, o.Reason = channels.Rejected, rooms.NoMailbox
	case f.code == "M_INVITE_BLOCKED":
		o.Result, o.Reason = channels.Suppressed, rooms.Suppressed
	case f.status/100 == 4 && f.status != http.StatusRequestTimeout:
		o.Result, o.Reason = channels.Rejected, rooms.Rejected
	case sending && f.status != http.StatusServiceUnavailable:
		o.Reason = rooms.Unknown
	default:
		o.After = f.after
	}
	return o
}

// lost says why there was no answer that could be read.
func (f *fault) lost(sending bool) rooms.Reason {
	switch {
	case sending && f.taken:
		return rooms.Unknown
	case f.late:
		return rooms.TimedOut
	}
	return rooms.Unreachable
}
