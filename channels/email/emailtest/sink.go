package emailtest

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// SinkOptions say what a sink offers. The zero value offers neither TLS nor authentication.
type SinkOptions struct {
	TLS      *tls.Config       // STARTTLS is offered if set
	Implicit bool              // TLS from the first byte instead
	Users    map[string]string // passwords by username; if there are any, nobody else may send
	Methods  []string          // SASL mechanisms offered to users; default PLAIN and LOGIN
	NoUTF8   bool              // SMTPUTF8 is not offered
	NoDSN    bool              // DSN is not offered; needed for non-ASCII recipients behind Postfix, whose ORCPT go-smtp refuses
}

// Message is what a sink has taken.
type Message struct {
	From, To string
	Body     []byte // as written between DATA and the dot
	UTF8     bool   // sent with SMTPUTF8
	TLS      bool   // over an encrypted connection
	User     string // who has authenticated
	Hello    string // how the client has introduced itself
	Envelope string // envelope id (RFC 3461)
	Notify   []smtp.DSNNotify
	Original string // recipient, as ORCPT has it
	Copies   []Copy // the further recipients that were taken
}

// Copy is a further recipient of a message.
type Copy struct {
	To     string
	Notify []smtp.DSNNotify
}

// Sink is an SMTP server that keeps what it is sent, or does as it is told.
type Sink struct {
	Host string
	Port int

	options SinkOptions
	rules   rules
	server  *smtp.Server
	lines   *listener
	ended   chan struct{} // closed when the test ends

	mu       sync.Mutex
	messages []Message
	wire     bytes.Buffer
}

// StartSink starts one that ends with the test.
func StartSink(tb testing.TB, o SinkOptions) *Sink {
	tb.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Sink{options: o, ended: make(chan struct{})}
	host, port, _ := net.SplitHostPort(inner.Addr().String())
	s.Host = host
	s.Port, _ = strconv.Atoi(port)
	s.lines = &listener{Listener: inner, sink: s}
	s.server = s.newServer()
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.serve(); err != nil {
			tb.Errorf("the sink has ended: %v", err)
		}
	}()
	tb.Cleanup(func() {
		close(s.ended)
		s.server.Close()
		inner.Close() // which the server does not know if it has not begun to serve
		s.lines.cut()
		<-served
	})
	return s
}

// On has the sink do something at a verb, for one recipient or Everybody.
func (s *Sink) On(to string, at Verb, do Do) { s.rules.add(to, at, do, -1) }

// Once is On for one time only.
func (s *Sink) Once(to string, at Verb, do Do) { s.rules.add(to, at, do, 1) }

// Address is where it listens, as host:port.
func (s *Sink) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Messages are those taken so far, in the order of their coming.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Wire is all that clients have written so far and been answered, decrypted.
func (s *Sink) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// Write adds to what Wire gives.
func (s *Sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire.Write(b)
}

// Connections is how many have been made so far, and how many are open now.
func (s *Sink) Connections() (made, open int) { return s.lines.count() }

// Cut ends all connections, as a restart would.
func (s *Sink) Cut() { s.lines.cut() }

func (s *Sink) newServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "sink.test"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = !s.options.NoUTF8
	server.EnableDSN = !s.options.NoDSN
	server.MaxMessageBytes = 10 << 20
	server.Debug = s
	server.ErrorLog = log.New(io.Discard, "", 0)
	if !s.options.Implicit {
		server.TLSConfig = s.options.TLS
	}
	return server
}

func (s *Sink) serve() error {
	if s.options.Implicit {
		return s.server.Serve(tls.NewListener(s.lines, s.options.TLS))
	}
	return s.server.Serve(s.lines)
}

func (s *Sink) keep(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
}
