package oidc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

// newVerifier returns a verifier for the provider, on the provider's clock.
func newVerifier(tb testing.TB, p *oidctest.Provider, changes ...func(*oidc.Options)) *oidc.Verifier {
	tb.Helper()
	options := oidc.Options{Issuer: p.Issuer(), Now: p.Clock.Now}
	for _, change := range changes {
		change(&options)
	}
	v, err := oidc.New(context.Background(), options)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func accept(t *testing.T, v *oidc.Verifier, token string) oidc.Identity {
	t.Helper()
	id, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return id
}

func refuse(t *testing.T, v *oidc.Verifier, token string, want oidc.Error) {
	t.Helper()
	id, err := v.Verify(t.Context(), token)
	if !errors.Is(err, want) {
		t.Fatalf("got %v, %+v; want %v", err, id, want)
	}
	if id.Client != "" || id.Subject != "" || id.Roles != nil {
		t.Errorf("refused and yet identified: %+v", id)
	}
	if len(token) > 8 && strings.Contains(err.Error(), token[:8]) || strings.Contains(err.Error(), "hosp-7") {
		t.Errorf("the error shows the token or its claims: %v", err)
	}
}

func TestVerifyIdentity(t *testing.T) {
	p := oidctest.Start(t)
	expires := p.Clock.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		claims map[string]any
		want   oidc.Identity
	}{
		"usual":          {nil, oidc.Identity{Subject: "hosp-7", Client: "hosp-7-app", Roles: []string{"publisher"}}},
		"one audience":   {map[string]any{"aud": "crier"}, oidc.Identity{Subject: "hosp-7", Client: "hosp-7-app", Roles: []string{"publisher"}}},
		"more audiences": {map[string]any{"aud": []string{"x", "crier"}}, oidc.Identity{Subject: "hosp-7", Client: "hosp-7-app", Roles: []string{"publisher"}}},
		"client_id":      {map[string]any{"azp": nil, "client_id": "c"}, oidc.Identity{Subject: "hosp-7", Client: "c", Roles: []string{"publisher"}}},
		"sub only":       {map[string]any{"azp": nil}, oidc.Identity{Subject: "hosp-7", Client: "hosp-7", Roles: []string{"publisher"}}},
		"no sub":         {map[string]any{"sub": nil}, oidc.Identity{Client: "hosp-7-app", Roles: []string{"publisher"}}},
		"no claim path":  {map[string]any{"crier": nil}, oidc.Identity{Subject: "hosp-7", Client: "hosp-7-app"}},
		"no roles":       {map[string]any{"crier": map[string]any{"rooms": 1}}, oidc.Identity{Subject: "hosp-7", Client: "hosp-7-app"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(t, p)
			test.want.Expires = expires
			for range 2 { // the second time from the cache
				got := accept(t, v, p.Token(test.claims))
				if !same(got, test.want) {
					t.Errorf("got %+v, want %+v", got, test.want)
				}
			}
		})
	}
}

func same(a, b oidc.Identity) bool {
	return a.Subject == b.Subject && a.Client == b.Client && slices.Equal(a.Roles, b.Roles) && a.Expires.Equal(b.Expires)
}

func TestVerifyClaimPath(t *testing.T) {
	p := oidctest.Start(t)
	holder := map[string]any{"roles": []string{"auditor"}}
	for path, claims := range map[string]map[string]any{
		"resource_access.crier":       {"resource_access": map[string]any{"crier": holder}},
		"https://health.example/auth": {"https://health.example/auth": holder},
	} {
		v := newVerifier(t, p, func(o *oidc.Options) { o.ClaimPath = path })
		if got := accept(t, v, p.Token(claims)).Roles; !slices.Equal(got, []string{"auditor"}) {
			t.Errorf("%s: roles %q", path, got)
		}
		if got := accept(t, v, p.Token(nil)).Roles; len(got) != 0 {
			t.Errorf("%s absent: roles %q", path, got)
		}
	}
}

func TestVerifyAlgorithms(t *testing.T) {
	p := oidctest.Start(t)
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		p.Publish(oidctest.NewKey(t, algorithm, algorithm))
		accept(t, newVerifier(t, p), p.Token(nil))
		if algorithm != "RS256" {
			only := newVerifier(t, p, func(o *oidc.Options) { o.Algorithms = []string{"RS256"} })
			refuse(t, only, p.Token(nil), oidc.ErrAlgorithm)
		}
	}
}

func TestVerifyClockSkew(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p, func(o *oidc.Options) { o.ClockSkew = time.Minute })
	at := func(d time.Duration) int64 { return p.Clock.Now().Add(d).Unix() }

	accept(t, v, p.Token(map[string]any{"exp": at(-59 * time.Second)}))
	refuse(t, v, p.Token(map[string]any{"exp": at(-60 * time.Second)}), oidc.ErrExpired)
	for _, claim := range []string{"nbf", "iat"} {
		accept(t, v, p.Token(map[string]any{claim: at(60 * time.Second)}))
		refuse(t, v, p.Token(map[string]any{claim: at(61 * time.Second)}), oidc.ErrNotYetValid)
	}
}

func TestVerifyCachedTokenEnds(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	token := p.Token(nil)
	accept(t, v, token).Roles[0] = "admin"
	if got := accept(t, v, token).Roles[0]; got != "publisher" {
		t.Errorf("a caller changed the remembered roles to %q", got)
	}
	p.Clock.Advance(time.Hour + 29*time.Second)
	accept(t, v, token)
	p.Clock.Advance(time.Second)
	refuse(t, v, token, oidc.ErrExpired)
}

func TestVerifyFullCache(t *testing.T) {
	p := oidctest.Start(t)
	for _, size := range []int{-1, 1, 2} {
		v := newVerifier(t, p, func(o *oidc.Options) { o.CacheSize = size })
		for _, subject := range []string{"a", "b", "c", "a", "b", "c"} {
			if got := accept(t, v, p.Token(map[string]any{"sub": subject})).Subject; got != subject {
				t.Errorf("cache of %d: got %q, want %q", size, got, subject)
			}
		}
	}
}

func TestVerifyConcurrently(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	token := p.Token(nil)
	failures := make(chan error)
	for range 50 {
		go func() {
			_, err := v.Verify(t.Context(), token)
			failures <- err
		}()
	}
	for range 50 {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if got := len(p.Requests()); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}
