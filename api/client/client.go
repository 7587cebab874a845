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
	// Servers are the base URLs of the API, one for each node, such as https://n1.crier.example.org; http on this machine
	// only. Any of them answers every call.
	Servers []string
	// Token gives the access token for a call: see Static and FromIssuer. Nil sends none.
	Token func(context.Context) (string, error)
	// HTTPClient makes the calls; nil means one of our own, without proxies' surprises such as followed redirects.
	HTTPClient *http.Client
	// Timeout bounds each attempt of a call, uploads excepted. Default 30s.
	Timeout time.Duration
	// AttemptTimeout bounds an attempt after which there will be another: of Publish, where it doubles with each pass over
	// the servers up to Timeout, and of what only reads, on every server but the last. Default 3s.
	AttemptTimeout time.Duration
	// RetryFor is how long Publish goes on trying, and Stream without a server that answers. Default 30s; below zero it asks each server once.
	RetryFor time.Duration
	// Silence is how long a stream may say nothing, not even that it is there, until it is taken for dead. Default 1m.
	Silence time.Duration
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.AttemptTimeout = min(cmp.Or(o.AttemptTimeout, 3*time.Second), o.Timeout)
	o.RetryFor = cmp.Or(o.RetryFor, 30*time.Second)
	o.Silence = cmp.Or(o.Silence, time.Minute)
	if o.HTTPClient == nil {
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		o.HTTPClient = &http.Client{CheckRedirect: stay}
	}
	return o
}

// Client calls the servers of one gateway. It is safe for concurrent use.
type Client struct {
	options Options
	nodes   *nodes
	fault   error // of Options.Servers, given by every call
}

// New makes a client. It calls nobody; a server that is none is reported by every call.
func New(o Options) *Client {
	o = o.withDefaults()
	bases, err := baseURLs(o.Servers)
	return &Client{options: o, nodes: newNodes(bases), fault: err}
}

// ErrServer says that a server is not a URL to which a token may be sent, or that there is none.
var ErrServer = errors.New("the server is not of the form https://host:port, or http:// on this machine")

func baseURLs(servers []string) ([]string, error) {
	if len(servers) == 0 {
		return nil, ErrServer
	}
	var bases []string
	for _, s := range servers {
		base, err := baseURL(s)
		if err != nil {
			return nil, err
		}
		bases = append(bases, base)
	}
	return bases, nil
}

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
