package oidc_test

import (
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

func withRoles(roles ...string) map[string]any {
	return map[string]any{"crier": map[string]any{"roles": roles}}
}

// TestRealProvider verifies what npm's oidc-provider issues, by each grant and across a change of keys.
func TestRealProvider(t *testing.T) {
	machine := oidctest.NodeClient{ID: "hosp-7", Secret: "machine secret", Claims: withRoles("publisher")}
	browser := oidctest.NodeClient{ID: "console", RedirectURIs: []string{"http://127.0.0.1/done"}}
	first := oidctest.NewKey(t, "first", "RS256")
	provider := oidctest.StartNode(t, oidctest.NodeConfig{
		Keys:     []*oidctest.Key{first},
		Clients:  []oidctest.NodeClient{machine, browser},
		Accounts: map[string]map[string]any{"alice": withRoles("admin", "auditor")},
	})
	clock := oidctest.NewClock()
	v, err := oidc.New(t.Context(), oidc.Options{Issuer: provider.Issuer(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}

	old := provider.ClientToken(t, machine)
	expect(t, v, old, oidc.Identity{Client: "hosp-7", Subject: "hosp-7", Roles: []string{"publisher"}})
	expect(t, v, provider.PersonToken(t, browser, "alice"),
		oidc.Identity{Client: "console", Subject: "alice", Roles: []string{"admin", "auditor"}})
	expect(t, v, provider.PersonToken(t, browser, "bob"), oidc.Identity{Client: "console", Subject: "bob"})

	second := oidctest.NewKey(t, "second", "RS256")
	provider.Rotate(t, second, first)
	clock.Advance(10 * time.Second)
	middle := provider.ClientToken(t, machine)
	accept(t, v, middle)
	accept(t, v, old) // its key is still published

	provider.Rotate(t, oidctest.NewKey(t, "third", "RS256"), second)
	clock.Advance(10 * time.Second)
	accept(t, v, provider.PersonToken(t, browser, "alice"))
	accept(t, v, middle)
	refuse(t, v, old, oidc.ErrSignature) // its key is not published any more
}

func TestRealProviderES256(t *testing.T) {
	machine := oidctest.NodeClient{ID: "hosp-7", Secret: "machine secret", Claims: withRoles("publisher")}
	provider := oidctest.StartNode(t, oidctest.NodeConfig{
		Keys:    []*oidctest.Key{oidctest.NewKey(t, "elliptic", "ES256")},
		Clients: []oidctest.NodeClient{machine},
	})
	v, err := oidc.New(t.Context(), oidc.Options{Issuer: provider.Issuer()})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, v, provider.ClientToken(t, machine), oidc.Identity{Client: "hosp-7", Subject: "hosp-7", Roles: []string{"publisher"}})
}

func expect(t *testing.T, v *oidc.Verifier, token string, want oidc.Identity) {
	t.Helper()
	got := accept(t, v, token)
	if got.Client != want.Client || got.Subject != want.Subject || !slices.Equal(got.Roles, want.Roles) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
