package oidctest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// Provider is an in-process provider that signs anything. It serves a discovery document and a key set, nothing else.
type Provider struct {
	// Clock dates the tokens; give its Now to the verifier under test.
	Clock *Clock

	tb     testing.TB
	server *httptest.Server

	mu       sync.Mutex
	keys     []*Key
	keySet   []byte // served instead of the keys, unless nil
	down     bool
	requests []Request
}

// Request is what the provider saw of one request.
type Request struct {
	Method string
	URI    string // path and query
	Header http.Header
	Body   string
}

// Start runs a provider with one RS256 key until the test ends.
func Start(tb testing.TB) *Provider {
	tb.Helper()
	p := &Provider{Clock: NewClock(), tb: tb, keys: []*Key{NewKey(tb, "first", "RS256")}}
	p.server = httptest.NewServer(p)
	tb.Cleanup(p.server.Close)
	return p
}

// Issuer returns the issuer URL.
func (p *Provider) Issuer() string { return p.server.URL }

// Key returns the key that signs: the first one published.
func (p *Provider) Key() *Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[0]
}

// Publish replaces the published keys; the first one signs.
func (p *Provider) Publish(keys ...*Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// PublishRaw serves this text as the key set from now on.
func (p *Provider) PublishRaw(keySet string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keySet = []byte(keySet)
}

// SetDown makes the provider answer 503 to everything, or stop doing so.
func (p *Provider) SetDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// Requests returns what was asked so far.
func (p *Provider) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Claims returns the payload of a good token, valid for an hour, with some claims replaced, or removed where nil.
func (p *Provider) Claims(changes map[string]any) []byte {
	p.tb.Helper()
	now := p.Clock.Now()
	claims := map[string]any{
		"iss": p.Issuer(), "aud": []string{"crier"}, "sub": "hosp-7", "azp": "hosp-7-app", "jti": "1",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"crier": map[string]any{"roles": []string{"publisher"}},
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(claims)
	if err != nil {
		p.tb.Fatalf("oidctest: claims: %v", err)
	}
	return text
}

// Token signs Claims with Key.
func (p *Provider) Token(changes map[string]any) string {
	p.tb.Helper()
	return p.Key().Token(p.tb, nil, p.Claims(changes))
}

// ServeHTTP records the request and answers it.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, Request{r.Method, r.URL.RequestURI(), r.Header.Clone(), string(body)})
	switch {
	case p.down:
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/openid-configuration":
		answer(w, map[string]any{
			"issuer": p.Issuer(), "jwks_uri": p.Issuer() + "/keys",
			"authorization_endpoint": p.Issuer() + "/none", "token_endpoint": p.Issuer() + "/none",
		})
	case r.URL.Path == "/keys" && p.keySet != nil:
		_, _ = w.Write(p.keySet) // the client sees what is missing
	case r.URL.Path == "/keys":
		answer(w, publicSet(p.keys))
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document) // the client sees what is missing
}
