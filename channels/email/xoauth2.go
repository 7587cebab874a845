package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/emersion/go-smtp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/govcrier/crier/rooms"
)

// OAuth2 says where access tokens come from: client credentials (RFC 6749 §4.4).
type OAuth2 struct {
	TokenURL         string   `yaml:"tokenURL"`         // https, or on loopback
	ClientID         string   `yaml:"clientID"`         //
	ClientSecretFile string   `yaml:"clientSecretFile"` // of mode 0600; read each time
	Scopes           []string `yaml:"scopes"`
}

func (o Options) hasToken() bool { return o.TokenFile != "" || o.OAuth2.TokenURL != "" }

func (o Options) checkTokens() (f faults) {
	f.when(o.Auth == AuthXOAUTH2 && !o.hasToken(), "auth is xoauth2: set tokenFile, or oauth2.tokenURL")
	f.when(o.hasToken() && o.Auth != AuthXOAUTH2 && o.Auth != AuthAuto, "tokenFile and oauth2 are for auth xoauth2, not %s", o.Auth)
	f.when(o.hasToken() && o.Username == "", "tokenFile or oauth2 is set, username is not")
	f.when(o.hasToken() && (o.PasswordFile != "" || !o.Password.IsZero()), "set one of passwordFile, tokenFile and oauth2")
	f.when(o.TokenFile != "" && o.OAuth2.TokenURL != "", "set one of tokenFile and oauth2.tokenURL")
	if o.OAuth2.TokenURL == "" {
		f.when(o.OAuth2.ClientID != "" || o.OAuth2.ClientSecretFile != "", "oauth2.tokenURL is missing")
		return f
	}
	f.when(!confidential(o.OAuth2.TokenURL), "oauth2.tokenURL is not an https URL")
	f.when(o.OAuth2.ClientID == "" || o.OAuth2.ClientSecretFile == "", "oauth2: clientID and clientSecretFile are needed")
	return f
}

// confidential says whether what is sent there cannot be read on its way.
func confidential(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// tokens gives access tokens, and keeps one from a token URL until shortly before it ends.
type tokens struct {
	options Options

	mu   sync.Mutex
	kept *oauth2.Token
}

// authenticate proves with a token who the gateway is. A token that the relay refuses is not used again.
func (t *tokens) authenticate(ctx context.Context, client *smtp.Client) error {
	token, err := t.token(ctx)
	if err != nil {
		return err
	}
	err = client.Auth(xoauth2{t.options.Username, token})
	if err != nil {
		t.drop(token)
	}
	return err
}

func (t *tokens) token(ctx context.Context) (rooms.Secret, error) {
	if t.options.TokenFile != "" {
		text, err := t.options.secret(ctx, "tokenFile", t.options.TokenFile)
		return rooms.NewSecret(text), err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.kept.Valid() {
		fresh, err := t.fetch(ctx)
		if err != nil {
			return rooms.Secret{}, err
		}
		t.kept = fresh
	}
	return rooms.NewSecret(t.kept.AccessToken), nil
}

// fetch asks the token URL, and follows it nowhere. Of what it answers no word is repeated.
func (t *tokens) fetch(ctx context.Context) (*oauth2.Token, error) {
	o := t.options.OAuth2
	secret, err := t.options.secret(ctx, "oauth2.clientSecretFile", o.ClientSecretFile)
	if err != nil {
		return nil, err
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	config := clientcredentials.Config{ClientID: o.ClientID, ClientSecret: secret, TokenURL: o.TokenURL, Scopes: o.Scopes}
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, stay))
	var refused *oauth2.RetrieveError
	var unreached *url.Error
	switch {
	case err == nil:
		return token, nil
	case errors.As(err, &refused):
		return nil, fmt.Errorf("email: oauth2: the token URL answers %d", refused.Response.StatusCode)
	case errors.As(err, &unreached):
		return nil, fmt.Errorf("email: oauth2: %w", unreached.Err)
	}
	return nil, errors.New("email: oauth2: what the token URL answers holds no token")
}

// drop forgets a token.
func (t *tokens) drop(token rooms.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept != nil && t.kept.AccessToken == token.Reveal() {
		t.kept = nil
	}
}

// xoauth2 is the SASL mechanism of that name, which go-sasl does not have: one message, and after a refusal, whose text
// says why, an empty one.
type xoauth2 struct {
	username string
	token    rooms.Secret
}

func (x xoauth2) Start() (mechanism string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.username + "\x01auth=Bearer " + x.token.Reveal() + "\x01\x01"), nil
}

func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }
