package matrix

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// session holds the access token. Only one goroutine at a time asks for another.
type session struct {
	options Options
	device  string
	call    func(ctx context.Context, r request, token string, into any) error
	now     func() time.Time

	turn    chan struct{} // has one token: who takes it may change what follows
	access  string
	refresh string
	failed  error // the last try to get a token
	until   time.Time
}

// sessionPause is for how long nobody asks again after there was no token to be had: homeservers lock whoever tries often.
const sessionPause = 5 * time.Second

func newSession(o Options, node string, call func(context.Context, request, string, any) error) *session {
	s := &session{options: o, device: o.DeviceID, call: call, now: time.Now, turn: make(chan struct{}, 1)}
	if node != "" {
		s.device += "-" + node
	}
	s.turn <- struct{}{}
	return s
}

// token gives that of the session, which it opens if need be.
func (s *session) token(ctx context.Context) (string, error) {
	if err := s.take(ctx); err != nil {
		return "", err
	}
	defer s.give()
	if s.access != "" {
		return s.access, nil
	}
	return s.open(ctx)
}

// renew gives another token than one that is no longer good.
func (s *session) renew(ctx context.Context, bad string, soft bool) (string, error) {
	if err := s.take(ctx); err != nil {
		return "", err
	}
	defer s.give()
	if s.access != bad && s.access != "" {
		return s.access, nil
	}
	s.access = ""
	if soft && s.refresh != "" && s.refreshed(ctx) == nil {
		return s.access, nil
	}
	if s.options.PasswordFile == "" {
		again, err := s.options.secret(ctx, "accessTokenFile", s.options.AccessTokenFile)
		if err == nil && again == bad { // nobody has put another there yet
			s.access = bad
			return "", &fault{status: 401, code: codeUnknownToken}
		}
	}
	return s.open(ctx)
}

func (s *session) take(ctx context.Context) error {
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return &fault{code: "connection", late: true}
	}
}

func (s *session) give() { s.turn <- struct{}{} }

// open reads the token or logs in. What fails is not tried again for a while.
func (s *session) open(ctx context.Context) (token string, err error) {
	if s.now().Before(s.until) {
		return "", s.failed
	}
	if s.options.PasswordFile != "" {
		err = s.login(ctx)
	} else {
		err = s.read(ctx)
	}
	if err != nil && ctx.Err() == nil {
		s.failed, s.until = err, s.now().Add(sessionPause)
	}
	return s.access, err
}

// read takes the token of the file, if it is that of the user: as somebody else we would not know what is our own.
func (s *session) read(ctx context.Context) error {
	token, err := s.options.secret(ctx, "accessTokenFile", s.options.AccessTokenFile)
	if err != nil {
		return err
	}
	var who struct {
		UserID string `json:"user_id"`
	}
	if err := s.call(ctx, request{method: "GET", path: "/account/whoami"}, token, &who); err != nil {
		return err
	}
	if who.UserID != s.options.UserID {
		return errUser
	}
	s.access = token
	return nil
}

var errUser = errors.New("matrix: the credential is not that of userId")

// granted is what a homeserver gives to who logs in, or refreshes.
type granted struct {
	UserID  string `json:"user_id"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (s *session) login(ctx context.Context) error {
	password, err := s.options.secret(ctx, "passwordFile", s.options.PasswordFile)
	if err != nil {
		return err
	}
	var g granted
	err = s.call(ctx, request{method: "POST", path: "/login", body: map[string]any{
		"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": s.options.UserID}, "password": password,
		"device_id": s.device, "initial_device_display_name": "crier", "refresh_token": true,
	}}, "", &g)
	switch {
	case is(err, codeForbidden): // of our account, not of a recipient
		return errLogin
	case err != nil:
		return err
	case g.UserID != s.options.UserID || g.Access == "":
		return errUser
	}
	s.access, s.refresh = g.Access, g.Refresh
	return nil
}

var errLogin = errors.New("matrix: the homeserver does not take the password")

// refreshed gets the next token for the one that has run out.
func (s *session) refreshed(ctx context.Context) error {
	var g granted
	err := s.call(ctx, request{method: "POST", path: "/refresh", body: map[string]string{"refresh_token": s.refresh}}, "", &g)
	if err == nil && g.Access == "" {
		err = errLogin
	}
	if err != nil {
		s.refresh = ""
		return err
	}
	s.access = g.Access
	if g.Refresh != "" {
		s.refresh = g.Refresh
	}
	return nil
}

// secret reads the credential that an option names.
func (o Options) secret(ctx context.Context, option, name string) (string, error) {
	value, err := o.Credentials.Line(ctx, name)
	if err != nil {
		return "", fmt.Errorf("matrix: %s: %w", option, err)
	}
	return value, nil
}
