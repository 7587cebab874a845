package client

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say whom to call, and as whom.
type Options struct {
	// Server is the base URL of the API, such as https://crier.example.org; http on this machine only.
	Server string
	// Token gives the access token for a call: see Static and FromIssuer. Nil sends none.
	Token func(context.Context) (string, error)
	// HTTPClient makes the calls; nil means one of our own, without proxies' surprises such as followed redirects.
	HTTPClient *http.Client
	// Timeout bounds each attempt of a call, uploads excepted. Default 30s.
	Timeout time.Duration
	// RetryFor is how long Publish goes on trying. Default 30s; below zero it tries once.
	RetryFor time.Duration
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.RetryFor = cmp.Or(o.RetryFor, 30*time.Second)
	if o.HTTPClient == nil {
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		o.HTTPClient = &http.Client{CheckRedirect: stay}
	}
	return o
}

// Client calls one server. It is safe for concurrent use.
type Client struct {
	options Options
	base    string
	fault   error // of Options.Server, given by every call
}

// New makes a client. It calls nobody; a Server that is none is reported by every call.
func New(o Options) *Client {
	o = o.withDefaults()
	base, err := baseURL(o.Server)
	return &Client{options: o, base: base, fault: err}
}

// ErrServer says that Options.Server is not a URL to which a token may be sent.
var ErrServer = errors.New("the server is not of the form https://host:port, or http:// on this machine")

func baseURL(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", ErrServer
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", ErrServer
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
