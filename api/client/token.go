package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/govcrier/crier/rooms"
)

// Static is the token that somebody else got.
func Static(token rooms.Secret) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token.Reveal(), nil }
}

// Credentials are those of an OAuth 2.0 client that acts for itself.
type Credentials struct {
	// Issuer is the identity provider's issuer URL; https, or http on this machine.
	Issuer string
	// ClientID and ClientSecret are what the provider knows the client by.
	ClientID     string
	ClientSecret rooms.Secret
	// Scopes are asked for; none by default.
	Scopes []string
	// HTTPClient calls the provider; nil means http.DefaultClient.
	HTTPClient *http.Client
}

// FromIssuer gets tokens from the identity provider (RFC 6749 §4.4) and keeps each until shortly before its end.
// The token endpoint is read from the provider's discovery document (OpenID Connect Discovery §4).
func FromIssuer(c Credentials) func(context.Context) (string, error) {
	if c.HTTPClient == nil {
		c.HTTPClient = http.DefaultClient
	}
	return (&tokens{credentials: c}).get
}

// tokens keeps the token of one client.
type tokens struct {
	credentials Credentials
	mu          sync.Mutex
	endpoint    string // "" until discovered
	token       *oauth2.Token
}

func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.Valid() && !t.token.Expiry.IsZero() { // one whose end is not told is used once
		return t.token.AccessToken, nil
	}
	if t.endpoint == "" {
		endpoint, err := discover(ctx, t.credentials.HTTPClient, t.credentials.Issuer)
		if err != nil {
			return "", err
		}
		t.endpoint = endpoint
	}
	config := clientcredentials.Config{
		ClientID: t.credentials.ClientID, ClientSecret: t.credentials.ClientSecret.Reveal(),
		TokenURL: t.endpoint, Scopes: t.credentials.Scopes,
	}
	token, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.credentials.HTTPClient))
	if err != nil {
		return "", refusal(err)
	}
	t.token = token
	return token.AccessToken, nil
}

// refusal keeps of an error its code and status: what the provider wrote besides may repeat what it was sent.
func refusal(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &ConnectionError{cause: err}
	}
	return fmt.Errorf("the identity provider answered %d %s", refused.Response.StatusCode, refused.ErrorCode)
}

// discover reads where the provider gives tokens.
func discover(ctx context.Context, client *http.Client, issuer string) (string, error) {
	if _, err := baseURL(issuer); err != nil {
		return "", errors.New("the issuer is not of the form https://host, or http:// on this machine")
	}
	document := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, document, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(q)
	if err != nil {
		return "", &ConnectionError{cause: err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the identity provider answered %d to discovery", answer.StatusCode)
	}
	var d struct {
		Issuer   string `json:"issuer"`
		Endpoint string `json:"token_endpoint"`
	}
	if err := json.UnmarshalRead(answer.Body, &d); err != nil {
		return "", errors.New("the identity provider's discovery document cannot be read")
	}
	if d.Issuer != issuer {
		return "", errors.New("the identity provider calls itself by another issuer URL")
	}
	return d.Endpoint, checkEndpoint(d.Endpoint)
}

func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return errors.New("the identity provider's token endpoint is not https")
	}
	return nil
}
