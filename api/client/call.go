package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

const (
	contentJSON = "application/json"
	contentRows = "application/x-ndjson"
)

// request is a call that may be made more than once.
type request struct {
	method  string
	path    string // already escaped, query included
	body    []byte // JSON; nil for none
	ifMatch string
}

// path joins segments, each escaped.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// withBody encodes the body of a request.
func (r request) withBody(v any) (request, error) {
	var err error
	if r.body, err = json.Marshal(v); err != nil {
		return r, fmt.Errorf("the request cannot be written as JSON: %w", err)
	}
	return r, nil
}

// call makes one attempt and decodes the answer into out, unless that is nil. It gives the answer's header.
func (c *Client) call(ctx context.Context, r request, out any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	q, err := c.prepare(ctx, r.method, r.path, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		q.Header.Set("Content-Type", contentJSON)
	}
	if r.ifMatch != "" {
		q.Header.Set("If-Match", r.ifMatch)
	}
	answer, err := c.do(q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return answer.Header, decode(answer, out)
}

// prepare makes a request with its token.
func (c *Client) prepare(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	if c.fault != nil {
		return nil, c.fault
	}
	q, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, ErrServer
	}
	q.Header.Set("Accept", contentJSON)
	if c.options.Token != nil {
		token, err := c.options.Token(ctx)
		if err != nil {
			return nil, &TokenError{err}
		}
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return q, nil
}

// do sends a request; an answer that is no success becomes a *Problem.
func (c *Client) do(q *http.Request) (*http.Response, error) {
	answer, err := c.options.HTTPClient.Do(q)
	if err != nil {
		return nil, &ConnectionError{err}
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, readProblem(answer)
}

func decode(answer *http.Response, out any) error {
	if out == nil {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return &ConnectionError{err}
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("the answer is not what the API describes: %w", err)
	}
	return nil
}
