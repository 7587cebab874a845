package devissuer

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// loginPatience is how long a login may take, from the authorization request to the exchange of the code.
const loginPatience = 10 * time.Minute

// CreateAuthRequest begins a login.
func (s *storage) CreateAuthRequest(_ context.Context, r *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if slices.Contains(r.Prompt, oidc.PromptNone) {
		return nil, oidc.ErrLoginRequired() // nobody ever is logged in already
	}
	if r.CodeChallenge != "" && r.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("code_challenge_method must be S256")
	}
	l := &login{
		grant:   grant{client: r.ClientID, audience: s.options.Audience, scopes: r.Scopes},
		id:      rand.Text(),
		request: *r,
		begun:   time.Now(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetOld()
	s.logins[l.id] = l
	return l, nil
}

// forgetOld drops the logins that nobody finished.
func (s *storage) forgetOld() {
	for id, l := range s.logins {
		if time.Since(l.begun) > loginPatience {
			delete(s.logins, id)
		}
	}
	for code, id := range s.codes {
		if s.logins[id] == nil {
			delete(s.codes, code)
		}
	}
}

// login returns a copy of the login as it stands.
func (s *storage) login(id string) (*login, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.logins[id]
	if !ok || time.Since(l.begun) > loginPatience {
		return nil, errors.New("unknown login, or begun too long ago; start again from the application")
	}
	now := *l
	return &now, nil
}

// AuthRequestByID returns a login on its way.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	return s.login(id)
}

// choices are the people that may log in to a client.
func (s *storage) choices(clientID string) []User {
	if len(s.options.Users) > 0 {
		return s.options.Users
	}
	return []User{{ID: clientID, Roles: s.clients[clientID].Roles}}
}

// finish makes a login that of one of the choices.
func (s *storage) finish(id, userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.logins[id]
	if !ok || l.Done() {
		return errors.New("unknown login, or finished already")
	}
	for _, user := range s.choices(l.client) {
		if user.ID == userID {
			l.subject, l.roles, l.done = user.ID, user.Roles, time.Now()
			return nil
		}
	}
	return errors.New("unknown user")
}

// SaveAuthCode remembers the code of a finished login.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// AuthRequestByCode returns the login that a code was made for. A code works once (RFC 6749 §4.1.2).
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id, ok := s.codes[code]
	delete(s.codes, code)
	s.mu.Unlock()
	if !ok {
		return nil, errors.New("unknown code")
	}
	return s.login(id)
}

// DeleteAuthRequest ends a login whose tokens are made.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.logins, id)
	return nil
}
