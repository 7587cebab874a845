package devissuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

// Issuer is the provider, an http.Handler for everything under its issuer URL. It is safe for concurrent use.
type Issuer struct {
	url       string
	storage   *storage
	provider  *op.Provider
	loginPage *template.Template
	handler   http.Handler
}

// New returns an issuer for a loopback URL such as http://127.0.0.1:8081 or http://localhost:8080/issuer, which is where
// the caller must serve it. It makes a new signing key.
func New(issuerURL string, o Options) (*Issuer, error) {
	faults := o.Check()
	if err := checkLoopbackURL(issuerURL); err != nil {
		faults = append(faults, fmt.Errorf("issuer: %w", err))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	storage, err := newStorage(issuerURL, o.withDefaults())
	if err != nil {
		return nil, err
	}
	provider, err := newProvider(issuerURL, storage)
	if err != nil {
		return nil, err
	}
	page, err := template.New("login").Parse(loginPage)
	if err != nil {
		return nil, err
	}
	i := &Issuer{url: issuerURL, storage: storage, provider: provider, loginPage: page}
	i.handler = onLoopback(http.StripPrefix(pathOf(issuerURL), i.routes()))
	return i, nil
}

func newProvider(issuerURL string, storage *storage) (*op.Provider, error) {
	config := &op.Config{
		CodeMethodS256:  true,
		AuthMethodPost:  true,
		SupportedScopes: []string{"openid"},
		SupportedClaims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "azp", "client_id", "at_hash"},
	}
	rand.Read(config.CryptoKey[:]) // encrypts codes; it never fails
	return op.NewProvider(config, storage, op.StaticIssuer(issuerURL), op.WithAllowInsecure(), op.WithCORSOptions(nil))
}

// pathOf returns the path at which an issuer URL is mounted, empty for the root.
func pathOf(issuerURL string) string {
	u, err := url.Parse(issuerURL)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

// ServeHTTP answers requests that came in on loopback and refuses all others with 403.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.handler.ServeHTTP(w, r) }

// URL returns the issuer URL.
func (i *Issuer) URL() string { return i.url }

// Token returns an access token for a client, as the client credentials grant would, that ends after the given time from
// now, which may lie in the past.
func (i *Issuer) Token(clientID string, ttl time.Duration) (string, error) {
	client, ok := i.storage.clients[clientID]
	if !ok {
		return "", errUnknownClient
	}
	ctx := op.ContextWithIssuer(context.Background(), i.url)
	return op.CreateJWT(ctx, i.url, i.storage.clientGrant(client, nil), time.Now().Add(ttl), rand.Text(), client, i.storage)
}
