package devissuer_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	coreoidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/devissuer"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

// codeFlow logs a person in with golang.org/x/oauth2 and go-oidc.
func codeFlow(t *testing.T, issuer *devissuer.Issuer, config oauth2.Config, user string) (*oauth2.Token, error) {
	t.Helper()
	provider, err := coreoidc.NewProvider(t.Context(), issuer.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.Endpoint, config.Scopes = provider.Endpoint(), []string{coreoidc.ScopeOpenID}
	pkce := oauth2.GenerateVerifier()
	start := config.AuthCodeURL("the state", oauth2.S256ChallengeOption(pkce), coreoidc.Nonce("the nonce"))
	answer := oidctest.Browse(t, start, config.RedirectURL, url.Values{"user": {user}})
	if answer.Get("state") != "the state" {
		t.Errorf("state %q", answer.Get("state"))
	}
	wrong := config
	if _, err := wrong.Exchange(t.Context(), "not"+answer.Get("code"), oauth2.VerifierOption(pkce)); err == nil {
		t.Error("a wrong code was exchanged")
	}
	token, err := config.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(pkce))
	if err != nil {
		return nil, err
	}
	if _, err := config.Exchange(t.Context(), answer.Get("code"), oauth2.VerifierOption(pkce)); err == nil {
		t.Error("a code was exchanged twice")
	}
	checkIDToken(t, provider, config.ClientID, user, token)
	return token, nil
}

func checkIDToken(t *testing.T, provider *coreoidc.Provider, client, user string, token *oauth2.Token) {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&coreoidc.Config{ClientID: client}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != user || id.Nonce != "the nonce" || id.VerifyAccessToken(token.AccessToken) != nil {
		t.Errorf("ID token of %q with nonce %q", id.Subject, id.Nonce)
	}
	info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != user {
		t.Errorf("userinfo: %+v, %v", info, err)
	}
}

func TestCodeFlow(t *testing.T) {
	issuer := start(t, "/issuer", options())
	for name, config := range map[string]oauth2.Config{
		"public":       {ClientID: "console", RedirectURL: "http://localhost:4711/done"},
		"confidential": {ClientID: "hospital", ClientSecret: secret, RedirectURL: "http://127.0.0.1:4711/done"},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := codeFlow(t, issuer, config, "alice")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, issuer, token.AccessToken, config.ClientID, "alice", "admin", "auditor")
			if _, err := verifier(t, issuer).Verify(t.Context(), token.Extra("id_token").(string)); !errors.Is(err, oidc.ErrMalformed) {
				t.Errorf("the ID token passed for an access token: %v", err)
			}
			if token, err = codeFlow(t, issuer, config, "bob"); err != nil {
				t.Fatal(err)
			}
			expect(t, issuer, token.AccessToken, config.ClientID, "bob")
		})
	}
	t.Run("wrong secret", func(t *testing.T) {
		config := oauth2.Config{ClientID: "hospital", ClientSecret: "wrong", RedirectURL: "http://127.0.0.1:4711/done"}
		if _, err := codeFlow(t, issuer, config, "alice"); err == nil {
			t.Error("the code was exchanged")
		}
	})
}

func TestCodeFlowWithoutUsers(t *testing.T) {
	o := options()
	o.Users = nil
	issuer := start(t, "", o)
	config := oauth2.Config{ClientID: "hospital", ClientSecret: secret, RedirectURL: "http://127.0.0.1:4711/done"}
	token, err := codeFlow(t, issuer, config, "hospital")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, issuer, token.AccessToken, "hospital", "hospital", "publisher")
}

func TestAuthorizationRefused(t *testing.T) {
	issuer := start(t, "", options())
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	good := url.Values{
		"client_id": {"console"}, "redirect_uri": {"http://localhost:4711/done"}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {"x"}, "code_challenge_method": {"S256"},
	}
	for name, test := range map[string]struct {
		change url.Values
		want   string // what the redirect holds; empty if there must not be one
	}{
		"good":                  {nil, "/login?id="},
		"unknown client":        {url.Values{"client_id": {"nobody"}}, ""},
		"foreign redirect":      {url.Values{"redirect_uri": {"https://evil.example/done"}}, ""},
		"other path":            {url.Values{"redirect_uri": {"http://localhost:4711/other"}}, ""},
		"client without a flow": {url.Values{"client_id": {"bare"}}, ""},
		"implicit":              {url.Values{"response_type": {"id_token token"}}, "error=unauthorized_client"},
		"plain PKCE":            {url.Values{"code_challenge_method": {"plain"}}, "error=invalid_request"},
		"prompt none":           {url.Values{"prompt": {"none"}}, "error=login_required"},
	} {
		t.Run(name, func(t *testing.T) {
			query := url.Values{}
			for _, values := range []url.Values{good, test.change} {
				for key := range values {
					query.Set(key, values.Get(key))
				}
			}
			response, err := client.Get(issuer.URL() + "/authorize?" + query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			location := response.Header.Get("Location")
			if (test.want == "") != (location == "") || !strings.Contains(location, test.want) {
				t.Errorf("%s, sent to %q, want %q", response.Status, location, test.want)
			}
		})
	}
}

// TestPublicClientNeedsPKCE: without it, whoever catches the redirect has the token.
func TestPublicClientNeedsPKCE(t *testing.T) {
	issuer := start(t, "", options())
	config := oauth2.Config{
		ClientID: "console", RedirectURL: "http://localhost:4711/done", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: issuer.URL() + "/authorize", TokenURL: issuer.URL() + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
	}
	answer := oidctest.Browse(t, config.AuthCodeURL("s"), config.RedirectURL, url.Values{"user": {"alice"}})
	if _, err := config.Exchange(t.Context(), answer.Get("code")); err == nil {
		t.Error("a public client got a token without PKCE")
	}
}
