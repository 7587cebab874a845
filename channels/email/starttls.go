package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"
)

var (
	errNoTLS    = errors.New("email: the relay does not offer STARTTLS")
	errInjected = errors.New("email: something was said before TLS began")
)

// startTLS greets the relay and begins TLS (RFC 3207). go-smtp can do so too, but introduces
// itself as localhost there, which large relays refuse.
//
// What it returns begins with a greeting again, since go-smtp expects one. It does not return
// until the relay has answered, ctx has ended, or raw is closed.
func startTLS(ctx context.Context, raw net.Conn, hello string, config *tls.Config, required bool) (net.Conn, error) {
	begun, err := negotiate(textproto.NewConn(raw), hello, required)
	if err != nil {
		return nil, err
	}
	if !begun {
		return &greeted{Conn: raw}, nil
	}
	conn := tls.Client(raw, config)
	return &greeted{Conn: conn}, conn.HandshakeContext(ctx)
}

// negotiate says whether the relay now waits for the TLS handshake.
func negotiate(text *textproto.Conn, hello string, required bool) (bool, error) {
	if _, _, err := text.ReadResponse(220); err != nil {
		return false, err
	}
	extensions, err := command(text, 250, "EHLO "+hello)
	if err != nil {
		return false, err
	}
	if !offers(extensions, "STARTTLS") {
		if required {
			return false, errNoTLS
		}
		return false, nil
	}
	if _, err := command(text, 220, "STARTTLS"); err != nil {
		return false, err
	}
	if text.R.Buffered() > 0 {
		return false, errInjected // and would be taken for an answer over TLS (CVE-2011-0411)
	}
	return true, nil
}

func command(text *textproto.Conn, expect int, line string) (string, error) {
	if err := text.PrintfLine("%s", line); err != nil {
		return "", err
	}
	_, answer, err := text.ReadResponse(expect)
	return answer, err
}

func offers(extensions, name string) bool {
	return slices.ContainsFunc(strings.Split(extensions, "\n"), func(line string) bool {
		return strings.EqualFold(strings.TrimSpace(line), name)
	})
}

// greeted is a connection whose greeting has been read already, and is said once more.
type greeted struct {
	net.Conn
	said bool
}

func (g *greeted) Read(b []byte) (int, error) {
	const greeting = "220 go on\r\n"
	if g.said || len(b) < len(greeting) {
		return g.Conn.Read(b)
	}
	g.said = true
	return copy(b, greeting), nil
}
