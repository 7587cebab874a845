package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	coreoidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// newTransport returns the way to the provider. Without a client above it, it follows no redirect.
func newTransport(o Options) (http.RoundTripper, error) {
	roots, err := certificateAuthorities(o.CAFile)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // requests are minutes or days apart
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport, nil
}

func newFetcher(o Options, next http.RoundTripper, accept func([]byte) error) *fetcher {
	return &fetcher{next: next, every: o.KeyRefreshInterval, timeout: o.RequestTimeout, now: o.Now, accept: accept}
}

func anything([]byte) error { return nil }

// discover reads the provider's discovery document and returns where its keys are.
func discover(ctx context.Context, o Options, f *fetcher) (keysURL string, err error) {
	provider, err := coreoidc.NewProvider(coreoidc.ClientContext(ctx, &http.Client{Transport: f}), o.Issuer)
	if err != nil {
		return "", err
	}
	var document struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return "", err
	}
	u, err := url.Parse(document.KeysURL)
	if err != nil {
		return "", errors.New("jwks_uri: not a URL")
	}
	if err := checkEndpoint(u, o.AllowHTTP); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return u.String(), nil
}

// newKeySet returns the key set at a URL, not yet read.
func newKeySet(o Options, url string, next http.RoundTripper, replaced func()) *keySet {
	s := &keySet{url: url, replaced: replaced}
	for _, algorithm := range o.Algorithms {
		s.algorithms = append(s.algorithms, jose.SignatureAlgorithm(algorithm))
	}
	s.fetcher = newFetcher(o, next, s.accept)
	return s
}
