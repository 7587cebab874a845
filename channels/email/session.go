package email

import (
	"context"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	trusted  = time.Second // how long a connection that waits is taken to be alive without asking
	farewell = time.Second // how long the relay may take to answer QUIT
)

// session is a connection over which the relay takes messages, used by one goroutine at a time.
type session struct {
	client *smtp.Client
	raw    net.Conn // below TLS; closing it ends whatever is under way

	sent      int // transactions begun
	idleSince time.Time
	expiry    *time.Timer // runs while the session waits
}

// under runs work, and cuts the connection if ctx ends meanwhile. It says whether the
// connection is left.
func (s *session) under(ctx context.Context, work func()) bool {
	stop := context.AfterFunc(ctx, s.drop)
	work()
	return stop()
}

// send is one mail transaction (RFC 5321 §3.3). It gives what the relay says of the message
// that it has taken; an error is a *failure.
func (s *session) send(m message) (answer string, err error) {
	s.sent++
	if err := s.mail(m); err != nil {
		return "", &failure{sender, err}
	}
	data, err := s.content(m)
	if err != nil {
		return "", &failure{recipient, err}
	}
	response, err := data.CloseWithResponse()
	if err != nil {
		return "", &failure{submitted, err}
	}
	return response.StatusText, nil
}

func (s *session) mail(m message) error {
	if offered, _ := s.client.Extension("SMTPUTF8"); m.utf8 && !offered {
		// What a relay says that has the extension, but not for this address (RFC 6531 §3.5).
		return &smtp.SMTPError{Code: 553, EnhancedCode: smtp.EnhancedCode{5, 6, 7}}
	}
	return s.client.Mail(m.from, &smtp.MailOptions{
		Size:       int64(len(m.body)),
		UTF8:       m.utf8,
		Return:     smtp.DSNReturnHeaders,
		EnvelopeID: m.envelope,
	})
}

// content names the recipient and writes the message, all but the dot that ends it.
func (s *session) content(m message) (*smtp.DataCommand, error) {
	if err := s.client.Rcpt(m.to, m.receipts()); err != nil {
		return nil, err
	}
	if err := s.copies(m); err != nil {
		return nil, err
	}
	data, err := s.client.Data()
	if err != nil {
		return nil, err
	}
	_, err = data.Write(m.body)
	return data, err
}

// recover says whether another message can follow a transaction that ended in err. After a
// refusal the transaction is still open and has to be reset.
func (s *session) recover(err error) bool {
	if err == nil {
		return true
	}
	r, isReply := asReply(err)
	return isReply && r.code != serviceClosing && s.client.Reset() == nil
}

// used says whether a message has gone over the connection before.
func (s *session) used() bool { return s.sent > 0 }

// answers asks a connection that has waited for long whether it is still there.
func (s *session) answers(ctx context.Context) bool {
	if time.Since(s.idleSince) < trusted {
		return true
	}
	var err error
	alive := s.under(ctx, func() { err = s.client.Noop() })
	return alive && err == nil
}

// quit takes leave of the relay.
func (s *session) quit() {
	s.client.CommandTimeout = farewell
	_ = s.client.Quit() // it need not agree
	s.drop()
}

// drop ends the connection without a word.
func (s *session) drop() { _ = s.raw.Close() }
