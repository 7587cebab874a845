package client_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/rooms"
)

// peer is one real server of several. What it does with a request can be changed while it runs.
type peer struct {
	*httptest.Server
	ended  chan struct{} // closed with the test, for those that hang
	hangUp func()        // closes the idle connections of the client

	mu     sync.Mutex
	act    http.HandlerFunc
	bodies []string // as they arrived, whole
}

// pair starts two servers, and gives a client of both with the one that it prefers first.
func pair(t *testing.T, start func(*httptest.Server)) (*client.Client, *peer, *peer) {
	t.Helper()
	a, b := newPeer(t, start), newPeer(t, start)
	h := trusting(a, b)
	a.hangUp, b.hangUp = h.CloseIdleConnections, h.CloseIdleConnections
	c := client.New(client.Options{
		Servers: []string{a.URL, b.URL}, HTTPClient: h, AttemptTimeout: 300 * time.Millisecond,
		Token: client.Static(rooms.NewSecret("t0ken")),
	})
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.count() > 0 {
		a, b = b, a
	}
	a.forget()
	return c, a, b
}

func newPeer(t *testing.T, start func(*httptest.Server)) *peer {
	t.Helper()
	p := &peer{ended: make(chan struct{}), hangUp: func() {}, act: accept}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(p.Server)
	t.Cleanup(p.Close)
	t.Cleanup(func() { close(p.ended) })
	return p
}

func plain(s *httptest.Server) { s.Start() }

// transports are the ways of HTTP to run, which know differently well what was sent.
func transports() map[string]func(*httptest.Server) {
	return map[string]func(*httptest.Server){
		"HTTP/1.1":          plain,
		"HTTP/1.1 over TLS": (*httptest.Server).StartTLS,
		"HTTP/2":            func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	}
}

// old speaks a TLS that nobody should speak any more.
func old(s *httptest.Server) {
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
}

// trusting is an HTTP client that trusts the servers that speak TLS.
func trusting(peers ...*peer) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	for _, p := range peers {
		if p.TLS != nil {
			transport = p.Client().Transport.(*http.Transport) // httptest has one certificate for all
		}
	}
	return &http.Client{Transport: transport}
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.bodies = append(p.bodies, string(body))
	act := p.act
	p.mu.Unlock()
	act(w, r)
}

func (p *peer) set(act http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.act = act
}

func (p *peer) count() int { return len(p.arrived()) }

func (p *peer) arrived() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.bodies)
}

func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies = nil
}

// accept answers as crier does where all is well.
func accept(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/readyz":
		_, _ = io.WriteString(w, `{"status":"ready"}`)
	case strings.HasSuffix(r.URL.Path, "/subscribers"):
		_, _ = io.WriteString(w, `{"added":2,"existing":0,"faulty":0}`+"\n")
	case strings.HasSuffix(r.URL.Path, "/messages") && r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, receipt)
	default:
		_, _ = io.WriteString(w, `{"name":"newborn"}`)
	}
}

// faults are the ways of a server to give no answer.
func faults() map[string]func(*peer) {
	status := func(code int) func(*peer) {
		return func(p *peer) {
			p.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		}
	}
	return map[string]func(*peer){
		"dead":             func(p *peer) { p.hangUp(); p.CloseClientConnections(); p.Close() },
		"hangs":            func(p *peer) { p.set(p.hang) },
		"breaks off":       func(p *peer) { p.set(breakOff) },
		"breaks off later": func(p *peer) { p.set(breakOffLater) },
		"502":              status(http.StatusBadGateway),
		"503":              status(http.StatusServiceUnavailable),
		"504":              status(http.StatusGatewayTimeout),
	}
}

// hang gives no answer for as long as the test lasts.
func (p *peer) hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.ended:
	}
}

// breakOff ends the connection, or the stream, without an answer: as a process that dies after having acted.
func breakOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// breakOffLater does so in the middle of an answer.
func breakOffLater(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, receipt)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// swallow has connections to a server begin and never come about, as to a machine without power.
func swallow(c *http.Client, p *peer) {
	transport := c.Transport.(*http.Transport)
	dial := (&net.Dialer{}).DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == p.Listener.Addr().String() {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return dial(ctx, network, address)
	}
}
