package devissuer

import (
	"crypto/subtle"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client is a Client as zitadel wants to see it.
type client struct {
	Client
	loginURL      string
	tokenLifetime time.Duration
}

var _ op.Client = (*client)(nil)

// authorized reports whether the secret is the client's. A public client has none that could be right.
func (c *client) authorized(secret string) bool {
	return c.Secret != "" && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1
}

func (c *client) GetID() string { return c.ID }

func (c *client) RedirectURIs() []string { return c.Client.RedirectURIs }

func (c *client) PostLogoutRedirectURIs() []string { return nil }

// ApplicationType is native for all, which is what makes zitadel accept a loopback redirect URI on any port.
func (c *client) ApplicationType() op.ApplicationType { return op.ApplicationTypeNative }

// AuthMethod is how the client authenticates when it exchanges a code; with a secret, post is accepted as well.
func (c *client) AuthMethod() oidc.AuthMethod {
	if c.Secret == "" {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c *client) GrantTypes() []oidc.GrantType {
	var grants []oidc.GrantType
	if c.Secret != "" {
		grants = append(grants, oidc.GrantTypeClientCredentials)
	}
	if len(c.Client.RedirectURIs) > 0 {
		grants = append(grants, oidc.GrantTypeCode)
	}
	return grants
}

func (c *client) LoginURL(id string) string { return c.loginURL + "?id=" + id }

func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

func (c *client) IDTokenLifetime() time.Duration { return c.tokenLifetime }

func (c *client) DevMode() bool { return false }

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string { return unrestricted }

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return unrestricted }

func (c *client) IsScopeAllowed(string) bool { return false }

func (c *client) IDTokenUserinfoClaimsAssertion() bool { return false }

func (c *client) ClockSkew() time.Duration { return 0 }

func unrestricted(scopes []string) []string { return scopes }
