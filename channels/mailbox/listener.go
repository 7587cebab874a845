package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/channels"
)

// farewell is how long sessions may take to end what they have begun.
const farewell = 10 * time.Second

// Listener is a server to which others bring mail. It is a source of receipts and of what people write.
type Listener struct {
	*intake
	guard       *guard
	certificate *servercert.Certificate // nil: none
}

var (
	_ channels.Receipts = (*Listener)(nil)
	_ channels.Inbox    = (*Listener)(nil)
)

// NewListener makes a server that Serve sets to work.
func NewListener(o Options, d Deps) (*Listener, error) {
	o = o.WithDefaults()
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	l := &Listener{intake: newIntake(o, d)}
	l.guard = newGuard(o, l.deps.Now)
	if o.TLS == (servercert.Files{}) {
		return l, nil
	}
	var err error
	if l.certificate, err = servercert.Open(o.TLS, l.deps.Logger, l.deps.Now); err != nil {
		return nil, fmt.Errorf("mailbox: tls: %w", err)
	}
	return l, nil
}

// Serve takes mail on an address until ctx ends. Then it waits a moment for what has begun, and closes the connections.
func (l *Listener) Serve(ctx context.Context, on net.Listener) error {
	server := l.server(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(gate{on, l.guard}) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		_ = server.Close()
	}
	return ctx.Err()
}

func (l *Listener) server(ctx context.Context) *smtp.Server {
	work := context.WithoutCancel(ctx)
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{listener: l, conn: c, ctx: work}, nil
	}))
	o := l.options
	s.LMTP = o.Kind == KindLMTP
	s.Domain = o.Hostname
	s.EnableSMTPUTF8 = true
	s.MaxMessageBytes, s.MaxRecipients = o.MaxMessageBytes, o.MaxRecipients
	s.MaxLineLength = 2 * int(o.MaxMessageBytes) // in mail there are longer ones than there should be
	s.ReadTimeout, s.WriteTimeout = o.ReadTimeout, o.ReadTimeout
	s.ErrorLog = wordless{l.deps.Logger}
	if l.certificate != nil {
		s.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return l.certificate.Get(), nil
		}}
	}
	return s
}

// wordless logs that there was trouble: what the server says of it may quote what it was sent.
type wordless struct{ log *slog.Logger }

func (w wordless) Printf(string, ...any) { w.log.Debug("a mail session has ended badly") }
func (w wordless) Println(...any)        { w.Printf("") }
