package devissuer

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// grant is what an access token will say.
type grant struct {
	client   string
	subject  string
	roles    []string
	audience []string
	scopes   []string
}

var _ op.TokenRequest = (*grant)(nil)

func (g *grant) GetSubject() string { return g.subject }

func (g *grant) GetAudience() []string { return g.audience }

func (g *grant) GetScopes() []string { return g.scopes }

func (g *grant) GetClientID() string { return g.client }

// claims are those that zitadel does not write by itself.
func (g *grant) claims() map[string]any {
	roles := append([]string{}, g.roles...) // [] rather than null
	return map[string]any{"azp": g.client, "crier": map[string]any{"roles": roles}}
}

// login is a code flow on its way: from the authorization request over the login page to the exchange of the code.
type login struct {
	grant
	id      string
	request oidc.AuthRequest
	begun   time.Time
	done    time.Time // zero until somebody is picked
}

var _ op.AuthRequest = (*login)(nil)

func (l *login) GetID() string { return l.id }

func (l *login) GetACR() string { return "" }

func (l *login) GetAMR() []string { return nil }

func (l *login) GetAuthTime() time.Time { return l.done }

func (l *login) GetCodeChallenge() *oidc.CodeChallenge {
	if l.request.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: l.request.CodeChallenge, Method: l.request.CodeChallengeMethod}
}

func (l *login) GetNonce() string { return l.request.Nonce }

func (l *login) GetRedirectURI() string { return l.request.RedirectURI }

func (l *login) GetResponseType() oidc.ResponseType { return l.request.ResponseType }

func (l *login) GetResponseMode() oidc.ResponseMode { return l.request.ResponseMode }

func (l *login) GetState() string { return l.request.State }

func (l *login) Done() bool { return !l.done.IsZero() }
