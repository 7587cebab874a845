package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// headerBox names the key for which an answer to a server is sealed (NATS ADR-26).
const headerBox = "Nats-Server-Xkey"

// errNothing refuses a guest who may do nothing: a server takes empty lists of rights for all rights.
var errNothing = errors.New("broker: whoever may do nothing is not let in")

// errOver refuses a guest whose time has come, though a clock that lags might let him in.
var errOver = errors.New("broker: the time of that guest is over")

// login answers this node's server about somebody who wants to come in. What other nodes ask is
// sealed for them.
func (s *Server) login(m *nats.Msg) {
	box := m.Header.Get(headerBox)
	data, err := s.door.curve.Open(m.Data, box)
	if err != nil {
		return
	}
	request, err := jwt.DecodeAuthorizationRequestClaims(string(data))
	if err != nil || request.Server.ID != s.nats.ID() || request.Expires < time.Now().Unix() {
		return
	}
	answer := jwt.NewAuthorizationResponseClaims(request.UserNkey)
	answer.Audience = request.Server.ID
	switch answer.Jwt, err = s.user(request); {
	case errors.Is(err, ErrLater):
		s.options.Log.Warn("a client has to wait", "kind", request.ClientInformation.Type, "error", err)
		return
	case err != nil:
		s.options.Log.Info("a client was not let in", "kind", request.ClientInformation.Type, "error", err)
		answer.Jwt, answer.Error = "", "not let in"
	}
	if err := s.reply(m, answer, box); err != nil && s.running.Err() == nil {
		s.options.Log.Warn("a client that logs in was not answered", "error", err)
	}
}

func (s *Server) reply(m *nats.Msg, answer *jwt.AuthorizationResponseClaims, box string) error {
	token, err := answer.Encode(s.door.issuer)
	if err != nil {
		return err
	}
	sealed, err := s.door.curve.Seal([]byte(token), box)
	if err != nil {
		return err
	}
	return m.Respond(sealed)
}

// user asks the gatekeeper, and makes of his answer the user that the server takes in.
func (s *Server) user(r *jwt.AuthorizationRequestClaims) (string, error) {
	ctx, cancel := context.WithTimeout(s.running, loginWait)
	defer cancel()
	keeper, err := s.door.wait(ctx)
	if err != nil {
		return "", errors.Join(ErrLater, errClosed)
	}
	guest, err := keeper.Admit(ctx, tokenOf(r.ConnectOptions))
	if err != nil {
		return "", err
	}
	switch {
	case len(guest.Hear)+len(guest.Call) == 0:
		return "", errNothing
	case !guest.Until.After(time.Now()):
		return "", errOver
	}
	if err := s.furnish(guest); err != nil {
		return "", err
	}
	token, err := guest.user(r.UserNkey).Encode(s.door.issuer)
	if err != nil {
		return "", fmt.Errorf("broker: %w", err)
	}
	s.door.note(r.ClientInformation, guest)
	return token, nil
}

// tokenOf finds the token where clients can put it: some know passwords only.
func tokenOf(o jwt.ConnectOptions) string {
	if o.Token != "" {
		return o.Token
	}
	return o.Password
}

// user says to the server what a guest may do.
func (g Guest) user(key string) *jwt.UserClaims {
	u := jwt.NewUserClaims(key)
	u.Audience, u.Name, u.Expires = g.account(), g.Client, g.Until.Unix()
	nobodys := rand.Text() // a queue group would be one over all accounts, and each message goes to one member of it
	for _, subject := range g.Hear {
		u.Sub.Allow.Add(subject, subject+" "+nobodys)
	}
	if len(g.Call) == 0 {
		u.Pub.Deny.Add(">")
		return u
	}
	u.Sub.Allow.Add(nats.InboxPrefix + ">")
	for _, c := range g.Call {
		u.Pub.Allow.Add(c.From)
	}
	return u
}

// furnish gives a guest's account what he may hear and call. What others of the account may not is
// held back by each one's permissions.
func (s *Server) furnish(g Guest) error {
	d := s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	name := g.account()
	core, err := s.nats.LookupAccount(coreAccount)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	account, _ := s.nats.LookupOrRegisterAccount(name)
	if d.known[name] == nil {
		if err := d.importStreams(account, core); err != nil {
			return err
		}
		d.known[name] = map[Call]bool{}
	}
	for _, c := range g.Call {
		if d.known[name][c] {
			continue
		}
		if err := account.AddServiceImportWithClaim(core, c.From, c.To, &jwt.Import{Share: true}); err != nil {
			return fmt.Errorf("broker: %w", err)
		}
		d.known[name][c] = true
	}
	return nil
}

func (d *door) importStreams(account, core *server.Account) error {
	for _, e := range d.exports {
		if e.Service {
			continue
		}
		if err := account.AddStreamImport(core, e.Subject, ""); err != nil {
			return fmt.Errorf("broker: %w", err)
		}
	}
	return nil
}

// note remembers who is in.
func (d *door) note(c jwt.ClientInformation, g Guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[c.ID] = session{guest: g, kind: c.Type, since: time.Now()}
}
