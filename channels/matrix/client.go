package matrix

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxAnswer = 256 << 20 // bytes of an answer of /sync, which is the longest
	maxFault  = 64 << 10
	maxHeader = 64 << 10
	apiPath   = "/_matrix/client/v3"
)

// client makes requests of the client-server API.
type client struct {
	base    string
	timeout time.Duration
	http    *http.Client
	session *session
}

func newClient(o Options, node string) (*client, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("matrix: caFile: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("matrix: caFile: no certificate in PEM")
		}
	}
	c := &client{base: strings.TrimRight(o.Homeserver, "/") + apiPath, timeout: o.Timeout}
	c.http = &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: secure, ForceAttemptHTTP2: true, MaxConnsPerHost: o.Connections + 1 + acceptors, MaxIdleConnsPerHost: o.Connections + 1,
			IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: o.Timeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.session = newSession(o, node, c.plain)
	return c, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// request is one call; path has its parts escaped by at.
type request struct {
	method, path string
	query        url.Values
	body         any
	timeout      time.Duration // 0: that of the client
}

// at joins parts of a path, each of which may hold anything.
func at(parts ...string) string {
	var path strings.Builder
	for _, p := range parts {
		path.WriteString("/" + url.PathEscape(p))
	}
	return path.String()
}

// do makes a request with the access token, and once more with another if that one is no longer good. A failure is a *fault.
func (c *client) do(ctx context.Context, r request, into any) error {
	token, err := c.session.token(ctx)
	if err != nil {
		return err
	}
	err = c.plain(ctx, r, token, into)
	var f *fault
	if !errors.As(err, &f) || f.code != codeUnknownToken {
		return err
	}
	if token, err = c.session.renew(ctx, token, f.soft); err != nil {
		return err
	}
	return c.plain(ctx, r, token, into)
}

// plain makes a request as it stands.
func (c *client) plain(ctx context.Context, r request, token string, into any) error {
	if r.timeout == 0 {
		r.timeout = c.timeout
	}
	short, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	var written atomic.Bool
	h, err := c.request(httptrace.WithClientTrace(short, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }}), r, token)
	if err != nil {
		return &fault{code: "request"}
	}
	answer, err := c.http.Do(h)
	if err != nil {
		return &fault{code: "connection", late: short.Err() != nil, taken: written.Load()}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return newFault(answer, time.Now())
	}
	if into == nil {
		into = &struct{}{}
	}
	if err := json.UnmarshalRead(io.LimitReader(answer.Body, maxAnswer), into, lenient()); err != nil {
		return &fault{status: answer.StatusCode, code: "answer", late: short.Err() != nil, taken: true}
	}
	return nil
}

// lenient reads what servers and people of any kind have written.
func lenient() json.Options {
	return json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func (c *client) request(ctx context.Context, r request, token string) (*http.Request, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body, json.Deterministic(true), jsontext.AllowInvalidUTF8(true)); err != nil {
			return nil, err
		}
	}
	url := c.base + r.path
	if len(r.query) > 0 {
		url += "?" + r.query.Encode()
	}
	h, err := http.NewRequestWithContext(ctx, r.method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	h.Header.Set("User-Agent", "crier")
	if r.body != nil {
		h.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		h.Header.Set("Authorization", "Bearer "+token)
	}
	return h, nil
}
