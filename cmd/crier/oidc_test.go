package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc/oidctest"
	"github.com/govcrier/crier/config"
)

func publisherClaims() map[string]any {
	return map[string]any{"crier": map[string]any{"roles": []string{"publisher"}}}
}

// TestTokensOfARealProvider has the whole gateway trust npm's oidc-provider.
func TestTokensOfARealProvider(t *testing.T) {
	machine := oidctest.NodeClient{ID: "hosp-7", Secret: "machine secret", Claims: publisherClaims()}
	browser := oidctest.NodeClient{ID: "console", RedirectURIs: []string{"http://127.0.0.1/done"}}
	first := oidctest.NewKey(t, "first", "RS256")
	provider := oidctest.StartNode(t, oidctest.NodeConfig{
		Keys: []*oidctest.Key{first}, Clients: []oidctest.NodeClient{machine, browser},
		Accounts: map[string]map[string]any{"alice": {"crier": map[string]any{"roles": []string{"auditor"}}}},
	})
	clock := oidctest.NewClock()
	s := newStand(t, nil, func(c *config.Config) { c.OIDC.Issuer, c.OIDC.Now = provider.Issuer(), clock.Now })
	s.room("newborn", "hosp-7")
	publish := "POST /v1/rooms/newborn/messages"
	old := provider.ClientToken(t, machine)
	alice, bob := provider.PersonToken(t, browser, "alice"), provider.PersonToken(t, browser, "bob")

	s.wants(old, publish, http.StatusAccepted, "")
	s.wants(old, "POST /v1/rooms", http.StatusForbidden, "forbidden")        // publishes, does not administer
	s.wants(alice, "GET /v1/rooms/newborn", http.StatusOK, "")               // an auditor reads
	s.wants(alice, publish, http.StatusForbidden, "forbidden")               // and does nothing else
	s.wants(bob, "GET /v1/rooms", http.StatusOK, "")                         // known, and shown nothing
	s.wants(bob, "GET /v1/rooms/newborn", http.StatusForbidden, "forbidden") //
	s.wants(bob, "GET /v1/rooms/newborn/subscribers", http.StatusForbidden, "forbidden")
	s.wants("", publish, http.StatusUnauthorized, "")

	second := oidctest.NewKey(t, "second", "RS256")
	provider.Rotate(t, second, first)
	clock.Advance(10 * time.Second)
	middle := provider.ClientToken(t, machine)
	s.wants(middle, publish, http.StatusAccepted, "")
	s.wants(old, publish, http.StatusAccepted, "") // its key is still published
	provider.Rotate(t, second)
	clock.Advance(10 * time.Second)
	stranger := oidctest.NewKey(t, "third", "RS256").Token(t, nil, []byte(`{"iss":"`+provider.Issuer()+`","aud":"crier","sub":"hosp-7","azp":"hosp-7"}`))
	s.wants(stranger, publish, http.StatusUnauthorized, "") // has the keys read anew
	s.wants(old, publish, http.StatusUnauthorized, "")
	s.wants(middle, publish, http.StatusAccepted, "")

	elsewhere := newStand(t, []string{"oidc.audience=elsewhere"}, func(c *config.Config) { c.OIDC.Issuer = provider.Issuer() })
	elsewhere.room("newborn", "hosp-7")
	elsewhere.wants(middle, publish, http.StatusUnauthorized, "") // meant for another service
}

// wants makes a call, and checks how it is answered.
func (s *stand) wants(token, call string, status int, code string) {
	s.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	body := ""
	if method == http.MethodPost {
		body = fmt.Sprintf(`{"transactionId":"tx-%d","type":"reminder","content":{"text":"hello"}}`, time.Now().UnixNano())
	}
	a := ask(s.t, method, s.app.URL()+path, token, body)
	if a.status != status || code != "" && a.Code != code {
		s.t.Errorf("%s: answered %d %s, want %d %s", call, a.status, a.body, status, code)
	}
}

// TestProviderLearnsNoPurpose watches what an identity provider is asked while the gateway works: for its two documents,
// and nothing about who publishes what.
func TestProviderLearnsNoPurpose(t *testing.T) {
	p := oidctest.Start(t)
	s := newStand(t, nil, func(c *config.Config) { c.OIDC.Issuer, c.OIDC.Now = p.Issuer(), p.Clock.Now })
	s.room("very-private", "hosp-7-app")
	publish := "POST /v1/rooms/very-private/messages"
	good := p.Token(nil)
	s.wants(good, publish, http.StatusAccepted, "")
	s.wants(good, "GET /v1/rooms/very-private", http.StatusOK, "")
	p.Clock.Advance(11 * time.Second)
	s.wants(oidctest.NewKey(t, "unknown", "RS256").Token(t, nil, p.Claims(nil)), publish, http.StatusUnauthorized, "")
	p.Clock.Advance(11 * time.Second)
	s.wants(p.Token(map[string]any{"aud": "elsewhere"}), publish, http.StatusUnauthorized, "")
	for _, r := range p.Requests() {
		known := r.URI == "/.well-known/openid-configuration" || r.URI == "/keys"
		if r.Method != http.MethodGet || !known || r.Body != "" || r.Header.Get("Authorization") != "" || strings.Contains(fmt.Sprint(r), "very-private") {
			t.Errorf("the provider saw %+v", r)
		}
	}
	if len(p.Requests()) < 2 {
		t.Errorf("the provider saw %+v: the test has proved nothing", p.Requests())
	}
}
