package devissuer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	coreoidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/devissuer"
)

const secret = "s3cret with spaces & more"

func options() devissuer.Options {
	return devissuer.Options{
		Clients: []devissuer.Client{
			{ID: "hospital", Secret: secret, Roles: []string{"publisher"}, RedirectURIs: []string{"http://127.0.0.1/done"}},
			{ID: "console", RedirectURIs: []string{"http://localhost/done"}},
			{ID: "bare", Secret: secret},
		},
		Users: []devissuer.User{{ID: "alice", Roles: []string{"admin", "auditor"}}, {ID: "bob"}},
	}
}

// start serves an issuer under a path of a loopback server until the test ends.
func start(t *testing.T, path string, o devissuer.Options) *devissuer.Issuer {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer, err := devissuer.New("http://"+server.Listener.Addr().String()+path, o)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = issuer
	server.Start()
	t.Cleanup(server.Close)
	return issuer
}

func verifier(t *testing.T, issuer *devissuer.Issuer) *oidc.Verifier {
	t.Helper()
	v, err := oidc.New(t.Context(), oidc.Options{Issuer: issuer.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func expect(t *testing.T, issuer *devissuer.Issuer, token, client, subject string, roles ...string) {
	t.Helper()
	id, err := verifier(t, issuer).Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if id.Client != client || id.Subject != subject || !slices.Equal(id.Roles, roles) {
		t.Errorf("got %+v, want client %q, subject %q, roles %q", id, client, subject, roles)
	}
	if left := time.Until(id.Expires); left < 59*time.Minute || left > time.Hour {
		t.Errorf("ends in %v, want an hour", left)
	}
}

func TestClientCredentials(t *testing.T) {
	for _, path := range []string{"", "/issuer"} {
		issuer := start(t, path, options())
		provider, err := coreoidc.NewProvider(t.Context(), issuer.URL())
		if err != nil {
			t.Fatal(err)
		}
		for name, style := range map[string]oauth2.AuthStyle{"basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams} {
			t.Run(name+" at "+path, func(t *testing.T) {
				config := clientcredentials.Config{
					ClientID: "hospital", ClientSecret: secret, TokenURL: provider.Endpoint().TokenURL, AuthStyle: style,
				}
				token, err := config.Token(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				expect(t, issuer, token.AccessToken, "hospital", "hospital", "publisher")
			})
		}
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))

	issuer := start(t, "", options())
	const wrong = "a-wrong-secret"
	for _, client := range [][2]string{{"hospital", wrong}, {"hospital", ""}, {"console", ""}, {"console", wrong}, {"nobody", wrong}} {
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
			config := clientcredentials.Config{
				ClientID: client[0], ClientSecret: client[1], TokenURL: issuer.URL() + "/oauth/token", AuthStyle: style,
			}
			_, err := config.Token(t.Context())
			var refusal *oauth2.RetrieveError
			if !errors.As(err, &refusal) || refusal.ErrorCode != "invalid_client" {
				t.Errorf("%q: %v", client, err)
			}
		}
	}
	slog.Info("options", "options", fmt.Sprint(options()), "client", options().Clients[0])
	if text := logged.String(); strings.Contains(text, wrong) || strings.Contains(text, "s3cret") {
		t.Errorf("a secret was logged: %s", text)
	}
	if logged.Len() == 0 {
		t.Error("nothing was logged: the test has proved nothing")
	}
}

func TestToken(t *testing.T) {
	o := options()
	o.Audience = []string{"elsewhere", "crier"}
	issuer := start(t, "", o)
	token, err := issuer.Token("hospital", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, issuer, token, "hospital", "hospital", "publisher")
	expired, err := issuer.Token("hospital", -time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier(t, issuer).Verify(t.Context(), expired); !errors.Is(err, oidc.ErrExpired) {
		t.Errorf("expired token: %v", err)
	}
	if _, err := issuer.Token("nobody", time.Hour); err == nil {
		t.Error("a token for an unknown client")
	}
}

func TestDiscovery(t *testing.T) {
	issuer := start(t, "/issuer", options())
	response, err := http.Get(issuer.URL() + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var document map[string]any
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"issuer":                                issuer.URL(),
		"authorization_endpoint":                issuer.URL() + "/authorize",
		"token_endpoint":                        issuer.URL() + "/oauth/token",
		"jwks_uri":                              issuer.URL() + "/keys",
		"userinfo_endpoint":                     issuer.URL() + "/userinfo",
		"response_types_supported":              "[code]",
		"grant_types_supported":                 "[authorization_code client_credentials]",
		"subject_types_supported":               "[public]",
		"id_token_signing_alg_values_supported": "[RS256]",
		"code_challenge_methods_supported":      "[S256]",
		"token_endpoint_auth_methods_supported": "[none client_secret_basic client_secret_post]",
		"scopes_supported":                      "[openid]",
		"introspection_endpoint":                "<nil>",
		"revocation_endpoint":                   "<nil>",
		"device_authorization_endpoint":         "<nil>",
		"end_session_endpoint":                  "<nil>",
	} {
		if got := fmt.Sprint(document[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
