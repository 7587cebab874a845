package client

import (
	"cmp"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// Problem is what the server answered instead of what was asked for (RFC 9457). Code is empty if it was not crier that
// answered, but something before it.
type Problem struct {
	v1.Problem
	// RetryAfter is how long the server asks to wait; 0 if it does not say.
	RetryAfter time.Duration
}

// Error is one line: what is wrong, where, and the id under which the operator finds it.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", p.Title, cmp.Or(string(p.Code), "HTTP "+strconv.Itoa(p.Status)))
	for _, f := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", cmp.Or(f.Pointer, f.Parameter, "body"), f.Detail)
	}
	if p.Faulty > 0 {
		fmt.Fprintf(&b, "; faulty rows: %d", p.Faulty)
	}
	if len(p.Parts) > 0 {
		fmt.Fprintf(&b, "; not ready: %s", strings.Join(p.Parts, ", "))
	}
	if p.RequestID != "" {
		fmt.Fprintf(&b, " [request %s]", p.RequestID)
	}
	return b.String()
}

// maxProblem bounds what is read of an answer that is no success.
const maxProblem = 1 << 20

// readProblem turns an answer that is no success into an error.
func readProblem(r *http.Response) *Problem {
	p := &Problem{RetryAfter: retryAfter(r.Header.Get("Retry-After"), time.Now())}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/problem+json" {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxProblem))
		if err == nil && json.Unmarshal(body, &p.Problem) != nil {
			p.Problem = v1.Problem{}
		}
	}
	p.Status = r.StatusCode
	p.Title = cmp.Or(p.Title, http.StatusText(r.StatusCode), "Unknown status")
	p.RequestID = cmp.Or(p.RequestID, r.Header.Get("X-Request-Id"))
	return p
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(s); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
