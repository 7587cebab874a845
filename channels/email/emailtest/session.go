package emailtest

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

var errDropped = errors.New("dropped")

// session is one client of a sink.
type session struct {
	sink *Sink
	conn *smtp.Conn
	user string
	now  Message
}

var _ smtp.AuthSession = (*session)(nil)

func (s *Sink) session(c *smtp.Conn) (smtp.Session, error) {
	session := &session{sink: s, conn: c}
	return session, session.obey(Everybody, Hello)
}

// obey does what the sink is told to do for a recipient at a verb; nil is to go on.
func (s *session) obey(to string, at Verb) error {
	do, told := s.sink.rules.find(to, at)
	switch {
	case !told:
		return nil
	case do.until != nil:
		select {
		case <-do.until:
			return nil
		case <-s.sink.ended:
		}
	case do.hang:
		<-s.sink.ended
	case do.reply != nil:
		return do.reply
	}
	s.conn.Conn().Close()
	return errDropped
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if len(s.sink.options.Users) > 0 && s.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.now = Message{
		From: from, UTF8: o.UTF8, TLS: encrypted, User: s.user,
		Hello: s.conn.Hostname(), Envelope: o.EnvelopeID,
	}
	return s.obey(Everybody, Mail)
}

func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	if s.now.To == "" {
		s.now.To, s.now.Notify, s.now.Original = to, o.Notify, o.OriginalRecipient
		return s.obey(to, Rcpt)
	}
	if err := s.obey(to, Rcpt); err != nil {
		return err
	}
	s.now.Copies = append(s.now.Copies, Copy{to, o.Notify})
	return nil
}

func (s *session) Data(r io.Reader) error {
	if err := s.obey(s.now.To, Data); err != nil {
		return err
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.Body = body
	err = s.obey(s.now.To, End)
	var reply *smtp.SMTPError
	if err != nil && (!errors.As(err, &reply) || reply.Code != 250) {
		return err
	}
	s.sink.keep(s.now)
	if late := s.obey(s.now.To, Taken); late != nil {
		return late
	}
	return err
}

func (s *session) Reset() { s.now = Message{} }

func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	o := s.sink.options
	switch {
	case len(o.Users) == 0:
		return nil
	case len(o.Methods) > 0:
		return o.Methods
	}
	return []string{sasl.Plain, sasl.Login}
}

func (s *session) Auth(method string) (sasl.Server, error) {
	switch {
	case !slices.Contains(s.AuthMechanisms(), method):
		return nil, smtp.ErrAuthUnknownMechanism
	case method == sasl.Login:
		return &loginServer{check: s.logIn}, nil
	case method == XOAUTH2:
		return &tokenServer{check: s.logIn}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return s.logIn(user, password) }), nil
}

func (s *session) logIn(user, password string) error {
	if known, ok := s.sink.options.Users[user]; !ok || known != password {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

// loginServer is the other side of LOGIN, which go-sasl has for clients only.
type loginServer struct {
	check func(user, password string) error
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == "":
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

// XOAUTH2 is the SASL mechanism of that name; tokens count as passwords.
const XOAUTH2 = "XOAUTH2"

// tokenServer is the other side of XOAUTH2. Before it refuses, it says why and waits for an empty answer.
type tokenServer struct {
	check   func(user, password string) error
	refused error
}

func (x *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.refused != nil {
		if len(response) > 0 {
			return nil, true, errors.New("an empty answer was awaited")
		}
		return nil, true, x.refused
	}
	user, token := "", ""
	for part := range strings.SplitSeq(string(response), "\x01") {
		if rest, ok := strings.CutPrefix(part, "user="); ok {
			user = rest
		}
		if rest, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			token = rest
		}
	}
	if x.refused = x.check(user, token); x.refused != nil {
		return []byte(`{"status":"401","schemes":"bearer"}`), false, nil
	}
	return nil, true, nil
}
