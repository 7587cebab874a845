package mailbox

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels/mailbox/report"
)

const (
	maxRefused   = 20               // recipients, after which a connection is closed
	takePatience = 30 * time.Second // for one recipient
)

// session is one client that brings mail.
type session struct {
	listener *Listener
	conn     *smtp.Conn
	ctx      context.Context //nolint:containedctx // go-smtp hands none over

	from    string
	to      []string
	refused int
}

var _ smtp.LMTPSession = (*session)(nil)

func later() error {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not taken now, try again later"}
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.listener.guard.mail(s.conn.Conn().RemoteAddr()) {
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Too much mail from you, try again later"}
	}
	s.from, s.to = from, nil
	return nil
}

// Rcpt takes recipients in our domains only, whatever stands before the @.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	at := strings.LastIndexByte(to, '@')
	if at > 0 && slices.ContainsFunc(s.listener.options.Domains, func(d string) bool { return strings.EqualFold(d, to[at+1:]) }) {
		s.to = append(s.to, to)
		return nil
	}
	if s.refused++; s.refused > maxRefused {
		defer s.conn.Conn().Close()
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many recipients that are none"}
	}
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relaying denied"}
}

// Data takes a mail for all its recipients, or for none: what has been taken for some is known again.
func (s *session) Data(r io.Reader) error {
	letter, err := s.read(r)
	if err != nil {
		return err
	}
	for _, to := range s.to {
		if err := s.take(letter, to); err != nil {
			return err
		}
	}
	return nil
}

// LMTPData takes a mail, and says for each recipient whether it has.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	letter, err := s.read(r)
	if err != nil {
		return err
	}
	for _, to := range s.to {
		status.SetStatus(to, s.take(letter, to))
	}
	return nil
}

func (s *session) read(r io.Reader) (*report.Letter, error) {
	raw, err := io.ReadAll(r)
	var refusal *smtp.SMTPError
	switch {
	case errors.As(err, &refusal):
		return nil, refusal
	case err != nil:
		return nil, later()
	}
	return report.Read(raw), nil
}

func (s *session) take(letter *report.Letter, to string) error {
	ctx, cancel := context.WithTimeout(s.ctx, takePatience)
	defer cancel()
	err := s.listener.take(ctx, letter, report.Envelope{From: s.from, To: to, Known: true})
	if err != nil {
		s.listener.deps.Logger.Warn("mail not taken", "error", err)
		return later()
	}
	return nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout is called when the client has gone.
func (s *session) Logout() error { return nil }
