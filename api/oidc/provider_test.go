package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

// uris returns what was asked of the provider, in order.
func uris(p *oidctest.Provider) []string {
	var uris []string
	for _, request := range p.Requests() {
		uris = append(uris, request.URI)
	}
	return uris
}

const (
	discovery = "/.well-known/openid-configuration"
	keySet    = "/keys"
)

// TestProviderLearnsNothing holds the promise that authentication does not reveal its purpose: whatever tokens arrive,
// the provider is asked for its two documents, and nothing of a token goes with the question.
func TestProviderLearnsNothing(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	tokens := []string{
		p.Token(nil),
		p.Token(map[string]any{
			"_claim_names":   map[string]string{"roles": "s"},
			"_claim_sources": map[string]any{"s": map[string]string{"endpoint": p.Issuer() + "/claims"}},
		}),
		oidctest.NewKey(t, "unknown", "RS256").Token(t, map[string]any{"jku": p.Issuer() + "/jku", "x5u": p.Issuer() + "/x5u"}, p.Claims(nil)),
		p.Token(map[string]any{"iss": p.Issuer() + "/tenant"}),
		p.Token(map[string]any{"exp": 1}),
		"garbage",
	}
	var refusals []error
	for _, token := range tokens {
		for range 3 {
			_, err := v.Verify(t.Context(), token)
			refusals = append(refusals, err)
			p.Clock.Advance(11 * time.Second) // past every limit on requests
		}
	}
	for _, request := range p.Requests() {
		if request.Method != http.MethodGet || request.Body != "" || (request.URI != discovery && request.URI != keySet) {
			t.Errorf("the provider saw %s %s with body %q", request.Method, request.URI, request.Body)
		}
		sent := fmt.Sprint(request.Header)
		for _, token := range tokens {
			if strings.Contains(sent, token) || request.Header.Get("Authorization") != "" || request.Header.Get("Cookie") != "" {
				t.Errorf("the provider was sent %s", sent)
			}
		}
	}
	if len(p.Requests()) < 3 || refusals[0] != nil || refusals[len(refusals)-1] == nil {
		t.Errorf("only %q recorded, outcomes %v: the test has proved nothing", uris(p), refusals)
	}
}

func TestFloodOfBadTokensReachesTheProviderOncePerInterval(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p, func(o *oidc.Options) { o.CacheSize = -1 })
	good, stranger := p.Token(nil), oidctest.NewKey(t, "first", "RS256")
	for round := range 3 {
		for n := range 50 {
			refuse(t, v, stranger.Token(t, map[string]any{"kid": fmt.Sprint("unknown", n)}, p.Claims(nil)), oidc.ErrSignature)
			refuse(t, v, stranger.Token(t, nil, p.Claims(map[string]any{"n": n})), oidc.ErrSignature)
			accept(t, v, good)
		}
		if got, want := len(p.Requests()), 1+(1+round); got != want {
			t.Errorf("round %d: %d requests, want %d", round, got, want)
		}
		p.Clock.Advance(10 * time.Second)
	}
}

func TestKeyRotation(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	first, second := p.Key(), oidctest.NewKey(t, "second", "RS256")
	old := p.Token(nil)
	accept(t, v, old)

	p.Clock.Advance(10 * time.Second)
	p.Publish(second, first)
	accept(t, v, p.Token(nil))
	accept(t, v, old)

	third := oidctest.NewKey(t, "third", "ES256")
	p.Publish(third, second)
	refuse(t, v, p.Token(nil), oidc.ErrSignature) // read too short a time ago
	p.Clock.Advance(10 * time.Second)
	accept(t, v, p.Token(nil))
	refuse(t, v, old, oidc.ErrSignature) // its key is withdrawn, so the cache forgot it
}

func TestProviderDownLater(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p, func(o *oidc.Options) { o.CacheSize = -1 })
	accept(t, v, p.Token(nil))
	p.SetDown(true)
	p.Clock.Advance(10 * time.Second)
	stranger := oidctest.NewKey(t, "unknown", "RS256")
	refuse(t, v, stranger.Token(t, nil, p.Claims(nil)), oidc.ErrUnavailable)
	accept(t, v, p.Token(nil))
	p.SetDown(false)
	p.Clock.Advance(10 * time.Second)
	refuse(t, v, stranger.Token(t, nil, p.Claims(nil)), oidc.ErrSignature)
	accept(t, v, p.Token(nil))
}

func TestProviderDownAtStart(t *testing.T) {
	p := oidctest.Start(t)
	p.SetDown(true)
	v := newVerifier(t, p)
	for range 10 {
		refuse(t, v, p.Token(nil), oidc.ErrUnavailable)
		if err := v.Ready(t.Context()); !errors.Is(err, oidc.ErrUnavailable) {
			t.Errorf("ready: %v", err)
		}
	}
	refuse(t, v, "garbage", oidc.ErrMalformed) // needs no provider
	p.SetDown(false)
	refuse(t, v, p.Token(nil), oidc.ErrUnavailable) // asked too short a time ago
	p.Clock.Advance(10 * time.Second)
	accept(t, v, p.Token(nil))
	if err := v.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if got, want := uris(p), []string{discovery, discovery, keySet}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

func TestKeySetNotUnderstood(t *testing.T) {
	for name, set := range map[string]string{
		"not JSON":   "<html>",
		"wrong type": `{"keys":7}`,
		"bad key":    `{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}`,
		"other keys": `{"keys":[{"kty":"new"},{"kty":"EC","crv":"secp256k1"},{"kty":"oct","k":"AAAA","kid":"first"}]}`,
		"empty":      `{"keys":[]}`,
		"too long":   `"` + strings.Repeat("a", 1<<20) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			p := oidctest.Start(t)
			p.PublishRaw(set)
			refuse(t, newVerifier(t, p), p.Token(nil), oidc.ErrUnavailable)
		})
	}
	t.Run("in part", func(t *testing.T) {
		p := oidctest.Start(t)
		good, err := json.Marshal(jose.JSONWebKey{Key: p.Key().Private.Public(), KeyID: "first"})
		if err != nil {
			t.Fatal(err)
		}
		p.PublishRaw(`{"keys":[{"kty":"new"},{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","alg":"ES256K"},` + string(good) + `]}`)
		accept(t, newVerifier(t, p), p.Token(nil))
	})
	t.Run("meant for encryption", func(t *testing.T) {
		p := oidctest.Start(t)
		other, err := json.Marshal(jose.JSONWebKey{Key: oidctest.NewKey(t, "", "ES256").Private.Public(), KeyID: "second"})
		if err != nil {
			t.Fatal(err)
		}
		enc, err := json.Marshal(jose.JSONWebKey{Key: p.Key().Private.Public(), KeyID: "first", Use: "enc"})
		if err != nil {
			t.Fatal(err)
		}
		p.PublishRaw(`{"keys":[` + string(enc) + `,` + string(other) + `]}`)
		refuse(t, newVerifier(t, p), p.Token(nil), oidc.ErrSignature)
	})
}

// TestImpatientCaller: a caller who gives up neither waits for the provider nor spoils the answer for the next.
func TestImpatientCaller(t *testing.T) {
	p := oidctest.Start(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"%s/keys"}`, r.Host, p.Issuer())
	}))
	defer slow.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	v, err := oidc.New(ctx, oidc.Options{Issuer: slow.URL, Now: p.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	token := p.Token(map[string]any{"iss": slow.URL})
	if _, err := v.Verify(ctx, token); !errors.Is(err, oidc.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	close(release)
	accept(t, v, token) // the same request, not a second one: the handler would close a closed channel
}

func TestNewRefusesAnotherIssuersProvider(t *testing.T) {
	p := oidctest.Start(t)
	if _, err := oidc.New(t.Context(), oidc.Options{Issuer: p.Issuer() + "/"}); err == nil {
		t.Error("an issuer that differs by a slash was accepted")
	}
}

func TestKeySetWithoutTLSElsewhere(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer":"http://%s","jwks_uri":"http://keys.example/keys"}`, r.Host)
	}))
	defer plain.Close()
	v, err := oidc.New(t.Context(), oidc.Options{Issuer: plain.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(t.Context()); !errors.Is(err, oidc.ErrUnavailable) || !strings.Contains(err.Error(), "jwks_uri") {
		t.Errorf("ready: %v", err)
	}
}
