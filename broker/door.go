package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/govcrier/crier/api/servercert"
)

const (
	calloutAccount = "AUTH"
	calloutUser    = "auth"
	calloutSubject = "$SYS.REQ.USER.AUTH"
)

// loginWait is how long a client may take to log in, waiting for its turn included.
const loginWait = 5 * time.Second

// door is where guests come in. Its keys are made at each start: a node answers for itself only.
type door struct {
	issuer, curve     nkeys.KeyPair
	public, publicBox string
	certificate       *servercert.Certificate
	anyName           bool // none too

	open    atomic.Bool
	opened  chan struct{}
	keeper  Gatekeeper
	exports []Export
	turns   chan struct{} // so many logins are looked at at once

	mu       sync.Mutex
	known    map[string]map[Call]bool // the accounts of guests, with what is imported there
	sessions map[uint64]session
}

// session is a guest who is in.
type session struct {
	guest Guest
	kind  string
	since time.Time
}

func newDoor(o Options) (*door, error) {
	d := &door{opened: make(chan struct{}), anyName: o.NATS.AllowMissingSNI, turns: make(chan struct{}, 4*runtime.GOMAXPROCS(0)),
		known: map[string]map[Call]bool{}, sessions: map[uint64]session{}}
	var err error
	if d.issuer, err = nkeys.CreateAccount(); err == nil {
		d.public, err = d.issuer.PublicKey()
	}
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if d.curve, err = nkeys.CreateCurveKeys(); err == nil {
		d.publicBox, err = d.curve.PublicKey()
	}
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	if !o.NATS.Insecure {
		d.certificate, err = servercert.Open(o.NATS.TLS, o.Log, time.Now)
	}
	return d, err
}

// options has the server listen, and ask the door about everybody.
func (d *door) options(opts *server.Options, o NATSOptions) error {
	opts.AuthCallout = &server.AuthCallout{
		Issuer: d.public, XKey: d.publicBox, Account: calloutAccount,
		AuthUsers: []string{coreUser, sysUser, calloutUser},
	}
	opts.AuthTimeout = loginWait.Seconds()
	opts.MaxConn = o.MaxConnections + maxOwnConnections
	if o.Listen != "" {
		var err error
		if opts.Host, opts.Port, err = hostPort(o.Listen); err != nil {
			return err
		}
		opts.DontListen = false
		opts.TLSConfig, opts.TLSTimeout = d.tls(), loginWait.Seconds()
	}
	return d.webSocket(&opts.Websocket, o)
}

// maxOwnConnections is more than crier itself makes, inside the process.
const maxOwnConnections = 1_000

func (d *door) webSocket(ws *server.WebsocketOpts, o NATSOptions) error {
	if o.WebSocket == "" {
		return nil
	}
	var err error
	if ws.Host, ws.Port, err = hostPort(o.WebSocket); err != nil {
		return err
	}
	ws.TLSConfig, ws.NoTLS = d.tls(), o.Insecure
	ws.AllowedOrigins = o.Origins
	ws.Compression = true
	ws.AuthTimeout, ws.HandshakeTimeout = loginWait.Seconds(), loginWait
	return nil
}

// tls shows no certificate before the door is open, so that clients go to another node at once.
func (d *door) tls() *tls.Config {
	if d.certificate == nil {
		return nil
	}
	get := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		switch {
		case !d.open.Load():
			return nil, errClosed
		case hello.ServerName == "" && !d.anyName:
			return nil, errNoServerName
		}
		return d.certificate.Get(), nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
}

var (
	errClosed       = errors.New("broker: nobody is let in yet")
	errNoServerName = errors.New("broker: handshake without server name refused")
)

// attend has logins looked at. They wait while the door is closed.
func (s *Server) attend() error {
	nc, err := s.connect(s.nats, calloutUser, "logins")
	if err != nil {
		return err
	}
	s.callout = nc
	_, err = nc.Subscribe(calloutSubject, func(m *nats.Msg) {
		select {
		case s.door.turns <- struct{}{}:
		case <-s.running.Done():
			return
		}
		go func() {
			defer func() { <-s.door.turns }()
			s.login(m)
		}()
	})
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return nil
}

// shut returns when nobody is being let in any more.
func (s *Server) shut() {
	s.callout.Close()
	for range cap(s.door.turns) {
		s.door.turns <- struct{}{}
	}
}

// Admit opens the door to those whom a gatekeeper lets in, and shows them what is exported. From
// then on, whoever may no longer do what he was let in for is disconnected within seconds. Without
// NATSOptions it does nothing.
func (s *Server) Admit(keeper Gatekeeper, exports []Export) error {
	d := s.door
	if d == nil {
		return nil
	}
	core, err := s.nats.LookupAccount(coreAccount)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	for _, e := range exports {
		if err := export(core, e); err != nil {
			return fmt.Errorf("broker: export %s: %w", e.Subject, err)
		}
	}
	d.keeper, d.exports = keeper, exports
	d.open.Store(true)
	close(d.opened)
	s.background.Go(s.watchGuests)
	return nil
}

func export(core *server.Account, e Export) error {
	switch {
	case !e.Service:
		return core.AddStreamExport(e.Subject, nil)
	case e.Answers:
		err := core.AddServiceExportWithResponse(e.Subject, server.Streamed, nil)
		if err == nil && e.Within > 0 {
			err = core.SetServiceExportResponseThreshold(e.Subject, e.Within)
		}
		return err
	}
	return core.AddServiceExport(e.Subject, nil)
}

// NATSURL is where NATS clients connect; empty if nowhere.
func (s *Server) NATSURL() string {
	if s.options.NATS.Listen == "" {
		return ""
	}
	return s.nats.ClientURL()
}

// WebSocketURL is where they connect by WebSocket; empty if nowhere.
func (s *Server) WebSocketURL() string {
	if s.options.NATS.WebSocket == "" {
		return ""
	}
	return s.nats.WebsocketURL()
}

// wait returns the gatekeeper once the door is open.
func (d *door) wait(ctx context.Context) (Gatekeeper, error) {
	select {
	case <-d.opened:
		return d.keeper, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
