package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels/credential"
)

var errSilent = errors.New("email: the relay does not answer in time")

// dialer makes connections over which the relay takes messages.
type dialer struct {
	Options
	tls    *tls.Config
	news   *news
	tokens *tokens
}

func newDialer(o Options, log *slog.Logger) (*dialer, error) {
	config, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	d := &dialer{o, config, &news{log: log.With("relay", o.address())}, &tokens{options: o}}
	return d, o.readable()
}

func (o Options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         o.ServerName,
		InsecureSkipVerify: o.TLS == TLSOpportunistic, // who can show a false certificate can as well hide STARTTLS
	}
	if o.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("email: caFile: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("email: caFile %s holds no certificate in PEM form", o.CAFile)
	}
	return config, nil
}

// dial connects, encrypts, introduces and authenticates. An error is a *failure.
func (d *dialer) dial(ctx context.Context) (*session, error) {
	s, err := d.connect(ctx)
	switch late := ctx.Err(); {
	case errors.Is(late, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		d.news.heard(errSilent) // the connection's deadline is that of ctx, and may pass a moment before
	case late == nil:
		d.news.heard(err)
	}
	if err != nil {
		return nil, &failure{connecting, err}
	}
	return s, nil
}

func (d *dialer) connect(ctx context.Context) (*session, error) {
	var network net.Dialer
	raw, err := network.DialContext(ctx, "tcp", d.address())
	if err != nil {
		return nil, err
	}
	s := &session{raw: raw}
	if alive := s.under(ctx, func() { s.client, err = d.open(ctx, raw) }); !alive && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.drop()
		return nil, err
	}
	return s, nil
}

func (d *dialer) open(ctx context.Context, raw net.Conn) (*smtp.Client, error) {
	conn, err := d.secure(ctx, raw)
	if err != nil {
		return nil, err
	}
	client := smtp.NewClient(conn)
	client.CommandTimeout = d.SendTimeout
	client.SubmissionTimeout = d.SendTimeout
	if err := client.Hello(d.HelloName); err != nil {
		return nil, err
	}
	return client, d.authenticate(ctx, client)
}

func (d *dialer) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	switch d.TLS {
	case TLSImplicit:
		conn := tls.Client(raw, d.tls)
		return conn, conn.HandshakeContext(ctx)
	case TLSRequired, TLSOpportunistic:
		return startTLS(ctx, raw, d.HelloName, d.tls, d.TLS == TLSRequired)
	}
	return raw, nil
}

func (d *dialer) authenticate(ctx context.Context, client *smtp.Client) error {
	switch {
	case d.Username == "":
		return nil
	case d.Auth == AuthXOAUTH2, d.Auth == AuthAuto && d.hasToken():
		return d.tokens.authenticate(ctx, client)
	}
	password, err := d.password(ctx)
	if err != nil {
		return err
	}
	switch {
	case d.Auth == AuthPlain, d.Auth == AuthAuto && client.SupportsAuth(sasl.Plain):
		return client.Auth(sasl.NewPlainClient("", d.Username, password))
	case d.Auth == AuthLogin, client.SupportsAuth(sasl.Login):
		return client.Auth(sasl.NewLoginClient(d.Username, password))
	}
	return fmt.Errorf("email: the relay offers neither %s nor %s authentication", AuthPlain, AuthLogin)
}

// password gives that of the moment.
func (d *dialer) password(ctx context.Context) (string, error) {
	if d.PasswordFile == "" {
		return d.Password.Reveal(), nil
	}
	return d.secret(ctx, "passwordFile", d.PasswordFile)
}

// secret reads a file that an option names.
func (o Options) secret(ctx context.Context, option, name string) (string, error) {
	known, err := o.Credentials.Read(ctx, name)
	if err != nil {
		return "", fmt.Errorf("email: %s: %w", option, err)
	}
	return known.Reveal(), nil
}

// readable says whether the files of credentials are there.
func (o Options) readable() error {
	for option, name := range map[string]string{
		"passwordFile": o.PasswordFile, "tokenFile": o.TokenFile, "oauth2.clientSecretFile": o.OAuth2.ClientSecretFile,
	} {
		if name == "" {
			continue
		}
		if err := credential.Check(name); err != nil {
			return fmt.Errorf("email: %s: %w", option, err)
		}
	}
	return nil
}
