package devissuer

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The texts of these reach logs and browsers; none holds what was sent.
var (
	errUnknownClient = errors.New("unknown client")
	errWrongSecret   = errors.New("wrong client secret")
)

// storage is what zitadel asks about clients, logins and keys, all of it in memory.
type storage struct {
	unsupported
	options Options
	clients map[string]*client
	key     signingKey

	mu     sync.Mutex
	logins map[string]*login // by id
	codes  map[string]string // login ids by code
}

var (
	_ op.Storage                        = (*storage)(nil)
	_ op.ClientCredentialsStorage       = (*storage)(nil)
	_ op.CanGetPrivateClaimsFromRequest = (*storage)(nil)
)

func newStorage(issuerURL string, o Options) (*storage, error) {
	key, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	s := &storage{
		options: o, key: key,
		clients: make(map[string]*client), logins: make(map[string]*login), codes: make(map[string]string),
	}
	for _, c := range o.Clients {
		s.clients[c.ID] = &client{Client: c, loginURL: issuerURL + loginPath, tokenLifetime: o.TokenLifetime}
	}
	return s, nil
}

// GetClientByClientID looks a client up.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if c, ok := s.clients[id]; ok {
		return c, nil
	}
	return nil, errUnknownClient
}

// AuthorizeClientIDSecret authenticates a client that exchanges a code.
func (s *storage) AuthorizeClientIDSecret(ctx context.Context, id, secret string) error {
	_, err := s.ClientCredentials(ctx, id, secret)
	return err
}

// ClientCredentials authenticates a client that asks for a token for itself.
func (s *storage) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	c, ok := s.clients[id]
	if !ok {
		return nil, errUnknownClient
	}
	if !c.authorized(secret) {
		return nil, errWrongSecret
	}
	return c, nil
}

// ClientCredentialsTokenRequest says what the token of an authenticated client will hold.
func (s *storage) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	c, ok := s.clients[id]
	if !ok {
		return nil, errUnknownClient
	}
	return s.clientGrant(c, scopes), nil
}

func (s *storage) clientGrant(c *client, scopes []string) *grant {
	return &grant{client: c.ID, subject: c.ID, roles: c.Roles, audience: s.options.Audience, scopes: scopes}
}

// CreateAccessToken names a token and says when it ends; nothing is stored, for the token carries it all.
func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(s.options.TokenLifetime), nil
}

// GetPrivateClaimsFromRequest adds the roles.
func (s *storage) GetPrivateClaimsFromRequest(_ context.Context, r op.TokenRequest, _ []string) (map[string]any, error) {
	granted, ok := r.(interface{ claims() map[string]any })
	if !ok {
		return nil, errUnsupported
	}
	return granted.claims(), nil
}

// SetUserinfoFromScopes answers for ID tokens, whose sub zitadel replaces with this one.
func (s *storage) SetUserinfoFromScopes(_ context.Context, info *oidc.UserInfo, userID, _ string, _ []string) error {
	info.Subject = userID
	return nil
}

// SetUserinfoFromToken answers the userinfo endpoint, which has checked the token.
func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	info.Subject = subject
	return nil
}

// SigningKey returns the key that signs.
func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

// SignatureAlgorithms returns what discovery lists.
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet returns the published keys.
func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

// Health has nothing that could fail.
func (s *storage) Health(context.Context) error { return nil }
