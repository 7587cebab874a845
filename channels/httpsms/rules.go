package httpsms

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// rule says what an answer means that fits.
type rule struct {
	statuses []statusRange
	field    place
	equals   []string
	matches  *regexp.Regexp
	result   channels.Result
	reason   rooms.Reason
	after    time.Duration
}

type statusRange struct{ from, to int }

// reasons are those that go with a result, the usual one first.
func reasons(r channels.Result) []rooms.Reason {
	switch r {
	case channels.Sent:
		return []rooms.Reason{rooms.NoReason}
	case channels.Deferred:
		return []rooms.Reason{rooms.Deferred, rooms.Unknown, rooms.Unreachable}
	case channels.Throttled:
		return []rooms.Reason{rooms.Throttled}
	case channels.Rejected:
		return []rooms.Reason{rooms.Rejected, rooms.NoMailbox}
	case channels.Suppressed:
		return []rooms.Reason{rooms.Suppressed}
	}
	return nil
}

// newRule reads one, and names all its faults.
func newRule(r Rule) (out rule, err error) {
	var faults []error
	out = rule{result: channels.Result(r.Outcome), after: r.After, equals: r.Equals}
	for _, s := range r.Status {
		one, ok := newStatus(s)
		if !ok {
			faults = append(faults, errors.New("status: such as 201 or 2xx"))
		}
		out.statuses = append(out.statuses, one)
	}
	known := reasons(out.result)
	switch {
	case r.Outcome == "":
		faults = append(faults, errors.New("outcome is missing"))
	case known == nil:
		faults = append(faults, errors.New("outcome: sent, deferred, throttled, rejected or suppressed"))
	default:
		out.reason = known[0]
	}
	if r.Reason != "" && known != nil {
		if out.reason = rooms.Reason(r.Reason); !slices.Contains(known, out.reason) {
			faults = append(faults, fmt.Errorf("reason: of %s one of %q", r.Outcome, known))
		}
	}
	if out.field, err = newPlace(r.Field); err != nil {
		faults = append(faults, fmt.Errorf("field: %w", err))
	}
	if (len(r.Equals) > 0 || r.Matches != "") && r.Field == "" {
		faults = append(faults, errors.New("equals and matches speak of a field"))
	}
	if len(r.Status) == 0 && r.Field == "" {
		faults = append(faults, errors.New("a status or a field is needed"))
	}
	if out.matches, err = regexp.Compile(r.Matches); err != nil || len(r.Matches) > maxExpression {
		faults = append(faults, errors.New("matches: not a regular expression (RE2)"))
	}
	if r.After < 0 {
		faults = append(faults, errors.New("after: not negative"))
	}
	return out, errors.Join(faults...)
}

// newStatus reads a status, or a class of them.
func newStatus(s string) (statusRange, bool) {
	if len(s) == 3 && s[1:] == "xx" && '1' <= s[0] && s[0] <= '5' {
		from := int(s[0]-'0') * 100
		return statusRange{from, from + 99}, true
	}
	n, err := strconv.Atoi(s)
	return statusRange{n, n}, err == nil && 100 <= n && n <= 599
}

// fits says whether an answer is one of those that the rule speaks of.
func (r rule) fits(status int, m material) bool {
	if len(r.statuses) > 0 && !slices.ContainsFunc(r.statuses, func(s statusRange) bool { return s.from <= status && status <= s.to }) {
		return false
	}
	if !r.field.set() {
		return true
	}
	value, there := r.field.in(m)
	if !there {
		return false
	}
	return (len(r.equals) == 0 || slices.Contains(r.equals, value)) && r.matches.MatchString(value)
}

// usualRules hold where no other fits.
func usualRules() []rule {
	of := func(result channels.Result, statuses ...statusRange) rule {
		return rule{statuses: statuses, result: result, reason: reasons(result)[0]}
	}
	var ours []statusRange // whatever is wrong with the account or the configuration is not the number's fault
	for _, s := range []int{http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusTooEarly} {
		ours = append(ours, statusRange{s, s})
	}
	return []rule{
		of(channels.Sent, statusRange{200, 299}),
		of(channels.Throttled, statusRange{429, 429}),
		of(channels.Deferred, ours...),
		of(channels.Rejected, statusRange{400, 499}),
		of(channels.Deferred),
	}
}

// judge says what an answer means.
func (p *plan) judge(status int, m material, now time.Time) channels.Outcome {
	i := slices.IndexFunc(p.rules, func(r rule) bool { return r.fits(status, m) })
	r := p.rules[i] // the last one fits always
	o := channels.Outcome{Result: r.result, Reason: r.reason, Code: "HTTP " + strconv.Itoa(status)}
	if code, ok := p.code.in(m); ok && isCode(code) {
		o.Code = code
	}
	if o.Result == channels.Deferred || o.Result == channels.Throttled {
		o.After = retryAfter(m.header, now, r.after)
	}
	if o.Result != channels.Sent || !p.id.set() {
		return o
	}
	id, ok := p.id.in(m)
	if !ok { // whoever has answered, it was not the provider as we know it
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: o.Code}
	}
	if isMessageID(id) {
		o.ProviderID = id
	}
	return o
}

const (
	maxCode  = 32
	maxID    = 128
	maxAfter = time.Hour
)

// isCode accepts short words: what is longer is prose, and may quote somebody.
func isCode(s string) bool {
	return s != "" && len(s) <= maxCode && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:-", r))
	})
}

// isID accepts one printable word.
func isID(s string) bool {
	return s != "" && len(s) <= maxID && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isMessageID accepts what a provider calls a message; ids with commas are several.
func isMessageID(s string) bool { return isID(s) && !strings.Contains(s, ",") }

// retryAfter reads RFC 9110 §10.2.3, within reason.
func retryAfter(h http.Header, now time.Time, usual time.Duration) time.Duration {
	text := h.Get("Retry-After")
	wait := usual
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxAfter)
}
