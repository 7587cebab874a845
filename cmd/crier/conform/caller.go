package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// caller makes requests, and remembers what they have made, by names that the checks of a suite share.
type caller struct {
	options Options
	made    map[string]string
}

// request is one call; header names are sent as they stand here.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c *caller) call(ctx context.Context, r request) (answer, error) {
	at := strings.TrimSuffix(c.options.URL, "/") + r.path
	if len(r.query) > 0 {
		at += "?" + r.query.Encode()
	}
	q, err := http.NewRequestWithContext(ctx, r.method, at, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	if r.body == "" {
		q.Body = http.NoBody
	}
	q.Header["Accept"] = []string{"application/json"}
	for name, value := range r.header {
		q.Header[name] = []string{value} // not in the canonical form
	}
	a, err := c.options.HTTP.Do(q)
	if err != nil {
		var shown *url.Error // which names the URL, known to who reads it
		if errors.As(err, &shown) {
			err = shown.Err
		}
		return answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer))
	return answer{a.StatusCode, a.Header, body}, err
}

// expect makes a call whose answer has one of the statuses.
func (c *caller) expect(ctx context.Context, r request, statuses ...int) (answer, error) {
	a, err := c.call(ctx, r)
	if err != nil {
		return a, err
	}
	if slices.Contains(statuses, a.status) {
		return a, nil
	}
	return a, fmt.Errorf("%s %s: status %d, want %v", r.method, r.path, a.status, statuses)
}

// refused makes a call that must be refused for its content.
func (c *caller) refused(ctx context.Context, r request, what string) error {
	return c.answered(ctx, r, what, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
}

// denied makes a call that must be refused because of who makes it, perhaps as if nothing was there.
func (c *caller) denied(ctx context.Context, r request, what string) error {
	return c.answered(ctx, r, what, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
}

func (c *caller) answered(ctx context.Context, r request, what string, statuses ...int) error {
	a, err := c.call(ctx, r)
	if err == nil && !slices.Contains(statuses, a.status) {
		err = fmt.Errorf("%s: status %d, want one of %v", what, a.status, statuses)
	}
	return err
}

// before asks again until an answer is the last, whether good or not, or the patience has ended; then it gives the reason why
// the latest was not.
func (c *caller) before(ctx context.Context, ask func() (last bool, reason error)) error {
	ctx, cancel := context.WithTimeout(ctx, c.options.Patience)
	defer cancel()
	for {
		last, reason := ask()
		if last {
			return reason
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w, %s later", reason, c.options.Patience)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// object reads the members of a JSON answer.
func (a answer) object() (map[string]any, error) {
	if t := a.header.Get("Content-Type"); !strings.HasPrefix(t, "application/json") {
		return nil, fmt.Errorf("content type %q, want application/json", t)
	}
	var members map[string]any
	if err := json.Unmarshal(a.body, &members); err != nil {
		return nil, errors.New("the answer is not a JSON object")
	}
	return members, nil
}

// text reads a member of a JSON answer that is a string and not empty.
func (a answer) text(member string) (string, error) {
	members, err := a.object()
	if err != nil {
		return "", err
	}
	s, ok := members[member].(string)
	if !ok || s == "" {
		return "", fmt.Errorf("no text in the member %s of the answer", member)
	}
	return s, nil
}

// allows says whether an answer names a method as allowed.
func (a answer) allows(method string) error {
	if !strings.Contains(a.header.Get("Allow"), method) {
		return fmt.Errorf("the header Allow is %q and does not name %s", a.header.Get("Allow"), method)
	}
	return nil
}
