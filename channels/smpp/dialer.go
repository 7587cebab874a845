package smpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/channels/smpp/pdu"
)

// dialer makes connections that are bound.
type dialer struct {
	Options
	tls *tls.Config // nil: none
}

func newDialer(o Options) (*dialer, error) {
	d := &dialer{Options: o}
	if o.PasswordFile != "" {
		if err := credential.Check(o.PasswordFile); err != nil {
			return nil, fmt.Errorf("smpp: passwordFile: %w", err)
		}
	}
	if o.TLS == TLSNone {
		return d, nil
	}
	d.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
	if o.CAFile == "" {
		return d, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("smpp: caFile: %w", err)
	}
	d.tls.RootCAs = x509.NewCertPool()
	if !d.tls.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("smpp: caFile %s holds no certificate in PEM form", o.CAFile)
	}
	return d, nil
}

// refusal is a bind that the centre has refused.
type refusal struct{ status pdu.Status }

func (r refusal) Error() string { return "the centre refuses the bind with " + r.status.String() }

// bind connects and binds.
func (d *dialer) bind(ctx context.Context, as pdu.Command) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.ConnectTimeout)
	defer cancel()
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err = d.introduce(ctx, conn, as); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	network := net.Dialer{KeepAlive: d.EnquireLink}
	if d.tls == nil {
		return network.DialContext(ctx, "tcp", d.address())
	}
	secure := tls.Dialer{NetDialer: &network, Config: d.tls}
	return secure.DialContext(ctx, "tcp", d.address())
}

// introduce binds. Of what the centre sends nothing is read beyond its answer.
func (d *dialer) introduce(ctx context.Context, conn net.Conn, as pdu.Command) error {
	password, err := d.password(ctx)
	if err != nil {
		return err
	}
	body := pdu.Bind{SystemID: d.SystemID, Password: password, SystemType: d.SystemType}.Bytes()
	if _, err := conn.Write(pdu.PDU{Command: as, Sequence: 1, Body: body}.Bytes()); err != nil {
		return err
	}
	answer, err := pdu.Read(conn)
	switch {
	case err != nil:
		return err
	case answer.Status != pdu.OK:
		return refusal{answer.Status}
	case answer.Command != as|pdu.Response:
		return pdu.ErrBody
	}
	return nil
}

// password gives that of the moment.
func (d *dialer) password(ctx context.Context) (string, error) {
	password := d.Password.Reveal()
	if d.PasswordFile != "" {
		known, err := d.Credentials.Read(ctx, d.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("smpp: passwordFile: %w", err)
		}
		password = known.Reveal()
	}
	return password, fits(password)
}
