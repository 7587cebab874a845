package client

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	contentJSON = "application/json"
	contentRows = "application/x-ndjson"
	contentCSV  = "text/csv"
)

// request is what a call asks for, whomever it asks.
type request struct {
	method  string
	path    string    // already escaped, query included
	body    []byte    // nil for none
	kind    string    // content type of body or rows; JSON or NDJSON if empty
	accept  string    // what the answer is to be; JSON if empty
	rows    io.Reader // instead of body; sent once at most
	ifMatch string
	lastID  string // of the last event, for a stream
	// repeatable: may reach servers more than once, and does its work once all the same.
	repeatable bool
	// patience is how long the server may take, beyond what any call may, since it was asked to wait.
	patience time.Duration
}

// path joins segments, each escaped.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// get is a request that only reads.
func get(path string) request { return request{method: http.MethodGet, path: path, repeatable: true} }

// withBody encodes the body of a request.
func (r request) withBody(v any) (request, error) {
	var err error
	if r.body, err = json.Marshal(v); err != nil {
		return r, fmt.Errorf("the request cannot be written as JSON: %w", err)
	}
	return r, nil
}

// to is the request to one server.
func (r request) to(ctx context.Context, base, token string) (*http.Request, error) {
	kind, body := contentJSON, io.Reader(nil)
	switch {
	case r.rows != nil:
		kind, body = contentRows, r.rows
	case r.body != nil:
		body = bytes.NewReader(r.body)
	}
	accept := cmp.Or(r.accept, kind)
	q, err := http.NewRequestWithContext(ctx, r.method, base+r.path, body)
	if err != nil {
		return nil, ErrServer
	}
	q.Header.Set("Accept", accept)
	if body != nil {
		q.Header.Set("Content-Type", cmp.Or(r.kind, kind))
	}
	if r.ifMatch != "" {
		q.Header.Set("If-Match", r.ifMatch)
	}
	if r.lastID != "" {
		q.Header.Set("Last-Event-ID", r.lastID)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return q, nil
}

// call asks the servers in turn, as far as the request allows, and decodes the answer into out, unless that is nil. It
// gives the answer's header.
func (c *Client) call(ctx context.Context, r request, out any) (http.Header, error) {
	var header http.Header
	e := c.errand(r, func(answer *http.Response) error {
		header = answer.Header
		return decode(answer, out)
	})
	return header, e.pass(ctx)
}

// token gets the access token; "" if the client sends none.
func (c *Client) token(ctx context.Context) (string, error) {
	if c.options.Token == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	token, err := c.options.Token(ctx)
	if err != nil {
		return "", &TokenError{err}
	}
	return token, nil
}

func decode(answer *http.Response, out any) error {
	if out == nil {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return &ConnectionError{cause: err}
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("the answer is not what the API describes: %w", err)
	}
	return nil
}
