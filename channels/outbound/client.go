package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

const (
	maxAnswer = 4 << 10  // bytes of a body that are read
	maxHeader = 16 << 10 // bytes of an answer's header
	idle      = 30 * time.Second
)

// ErrURL says that a URL cannot be called as it is written.
var ErrURL = errors.New("outbound: not a URL that can be called")

// Client makes calls. It is for many goroutines at once.
type Client struct {
	options   Options
	rules     rules
	transport *http.Transport
	http      *http.Client
	hosts     *hosts
	places    *lanes.Places // for each host so many
}

// New makes a client, or says what is wrong with the options.
func New(o Options) (*Client, error) {
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	r, err := newRules(o)
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		if secure.RootCAs, err = authorities(o.CAFile); err != nil {
			return nil, err
		}
	}
	c := &Client{options: o, rules: r, hosts: newHosts(), places: lanes.NewPlaces(o.most(), o.Concurrency)}
	c.transport = &http.Transport{
		DialContext:            c.dialer(true).DialContext,
		DialTLSContext:         (&tls.Dialer{NetDialer: c.dialer(false), Config: secure}).DialContext,
		MaxConnsPerHost:        o.Concurrency,
		MaxIdleConnsPerHost:    max(o.KeepIdle, 2),
		MaxIdleConns:           1000,
		IdleConnTimeout:        idle,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &http.Client{Transport: c.transport, CheckRedirect: stay}
	return c, nil
}

func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("outbound: caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("outbound: caFile: no certificate in PEM")
	}
	return pool, nil
}

// dialer looks at every address right before it is connected to.
func (c *Client) dialer(plain bool) *net.Dialer {
	return &net.Dialer{
		Timeout:   c.options.Timeout, // of the handshake too
		Resolver:  c.options.Resolver,
		KeepAlive: idle,
		Control: func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return ErrAddress
			}
			return c.rules.check(a, plain)
		},
	}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Allowed says what can be said of a URL without resolving its name: the scheme, the port, and an
// address that stands in it. The error wraps rooms.ErrAddress.
func (c *Client) Allowed(at rooms.Address) error {
	u, err := url.Parse(at.Reveal())
	if err != nil {
		return fmt.Errorf("%w: %w", rooms.ErrAddress, ErrURL)
	}
	plain := u.Scheme == "http"
	if plain && len(c.rules.allow) == 0 {
		return fmt.Errorf("%w: a URL begins with https:// here", rooms.ErrAddress)
	}
	port, err := portOf(u)
	if err != nil {
		return fmt.Errorf("%w: %w", rooms.ErrAddress, ErrURL)
	}
	address, err := netip.ParseAddr(u.Hostname())
	known := err == nil
	if !known {
		address = netip.IPv4Unspecified()
	}
	err = c.rules.check(netip.AddrPortFrom(address, port), plain)
	if known && errors.Is(err, ErrAddress) || errors.Is(err, ErrPlain) {
		return fmt.Errorf("%w: this address may not be called", rooms.ErrAddress)
	}
	if errors.Is(err, ErrPort) {
		return fmt.Errorf("%w: this port may not be called", rooms.ErrAddress)
	}
	return nil
}

func portOf(u *url.URL) (uint16, error) {
	if u.Port() != "" {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		return uint16(n), err
	}
	if u.Scheme == "http" {
		return 80, nil
	}
	return 443, nil
}

// Call is a signed POST.
type Call struct {
	To      rooms.Address
	Lane    rooms.Lane // the most urgent has the next connection to a host; empty is normal
	ID      string     // the same for every attempt
	Kind    string     // content type
	Body    []byte
	Signing []rooms.Signing // those that sign now
	Header  http.Header     // sent besides, as it is spelled; the signature does not cover it
}

// Post makes a call and says what came of it. It returns when ctx ends. A host that has let several
// calls in a row run out of time is not called for a while: ErrResting. Where too many calls to a host are under way, none is made:
// the error is a *lanes.Full, and RetryAfter when to come again.
func (c *Client) Post(ctx context.Context, call Call) Answer {
	r, err := c.request(ctx, call)
	if err != nil {
		return Answer{Err: err}
	}
	return c.take(ctx, call.Lane, r, func(w *http.Response) error { return drop(w.Body) })
}

// take makes a call if there is room for one more to its host, or will be soon, and has read read the answer.
func (c *Client) take(ctx context.Context, lane rooms.Lane, r *http.Request, read func(*http.Response) error) Answer {
	release, err := c.places.Take(ctx, lane, host(r.URL))
	var full *lanes.Full
	switch {
	case errors.As(err, &full):
		return Answer{Err: full, RetryAfter: full.After}
	case err != nil:
		return Answer{Err: ErrConnect, Late: true}
	}
	defer release()
	return c.send(ctx, r, read)
}

// send makes a call, unless its host is left alone, and has read read the answer.
func (c *Client) send(ctx context.Context, r *http.Request, read func(*http.Response) error) Answer {
	to := host(r.URL)
	if !c.hosts.may(to, c.options.Now()) {
		return Answer{Err: ErrResting}
	}
	short, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	a := c.do(r.WithContext(short), read)
	if ctx.Err() == nil { // it was given its time
		c.hosts.note(to, a.Late, c.options.Now())
	}
	return a
}

// drop reads what is left of a body, so that the connection can be used again.
func drop(body io.Reader) error {
	_, _ = io.CopyN(io.Discard, body, maxAnswer)
	return nil
}

func (c *Client) do(r *http.Request, read func(*http.Response) error) Answer {
	var written atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }}
	response, err := c.http.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return Answer{Err: kind(err), Late: r.Context().Err() != nil || late(err), Taken: written.Load()}
	}
	defer response.Body.Close()
	if err := read(response); err != nil {
		return Answer{Err: kind(err), Late: r.Context().Err() != nil || late(err), Taken: true}
	}
	return Answer{Status: response.StatusCode, RetryAfter: retryAfter(response.Header, c.options.Now())}
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	now := c.options.Now()
	signature, err := Sign(call.Signing, call.ID, now, call.Body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, call.To.Reveal(), bytes.NewReader(call.Body))
	if err != nil {
		return nil, ErrURL
	}
	r.Header = http.Header{
		"Content-Type": {call.Kind}, "User-Agent": {"crier"},
		HeaderID: {call.ID}, HeaderTimestamp: {strconv.FormatInt(now.Unix(), 10)},
		"Idempotency-Key": {}, // not sent: lets net/http repeat a call over a connection that was just closed
	}
	maps.Copy(r.Header, call.Header)
	if signature != "" {
		r.Header.Set(HeaderSignature, signature)
	}
	return r, nil
}
