package oidctest

import (
	"context"
	"net/url"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientToken gets an access token by the client credentials grant (RFC 6749 §4.4).
func (p *NodeProvider) ClientToken(tb testing.TB, client NodeClient) string {
	tb.Helper()
	config := clientcredentials.Config{
		ClientID: client.ID, ClientSecret: client.Secret,
		TokenURL: p.issuer + "/token", AuthStyle: oauth2.AuthStyleInHeader,
	}
	token, err := config.Token(context.Background())
	must(tb, err)
	return token.AccessToken
}

// PersonToken gets an access token by the authorization code grant with PKCE (RFC 7636), logging in and consenting on the
// provider's pages as a browser would. The client needs a redirect URI; nobody has to listen there.
func (p *NodeProvider) PersonToken(tb testing.TB, client NodeClient, login string) string {
	tb.Helper()
	config := oauth2.Config{
		ClientID: client.ID, ClientSecret: client.Secret,
		RedirectURL: client.RedirectURIs[0], Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: p.issuer + "/auth", TokenURL: p.issuer + "/token"},
	}
	verifier := oauth2.GenerateVerifier()
	answer := Browse(tb, config.AuthCodeURL("some state", oauth2.S256ChallengeOption(verifier)), config.RedirectURL,
		url.Values{"login": {login}, "password": {"any"}})
	if answer.Get("state") != "some state" {
		tb.Fatalf("oidctest: login ended without its state: %v", answer)
	}
	token, err := config.Exchange(context.Background(), answer.Get("code"), oauth2.VerifierOption(verifier))
	must(tb, err)
	return token.AccessToken
}
