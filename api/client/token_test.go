package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/api/oidc/devissuer"
	"github.com/govcrier/crier/rooms"
)

// issuer runs the development issuer and counts how often it gives tokens.
func issuer(t *testing.T, lifetime time.Duration) (url string, given *atomic.Int64) {
	t.Helper()
	given = new(atomic.Int64)
	var h http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			given.Add(1)
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	i, err := devissuer.New(s.URL, devissuer.Options{
		Clients: []devissuer.Client{{ID: "hosp-7", Secret: "s3cret"}}, TokenLifetime: lifetime,
	})
	if err != nil {
		t.Fatal(err)
	}
	h = i
	return s.URL, given
}

func credentials(url, secret string) client.Credentials {
	return client.Credentials{Issuer: url, ClientID: "hosp-7", ClientSecret: rooms.NewSecret(secret)}
}

func TestTokenIsKeptUntilItEnds(t *testing.T) {
	for lifetime, want := range map[time.Duration]int64{time.Hour: 1, time.Second: 3} {
		url, given := issuer(t, lifetime)
		token := client.FromIssuer(credentials(url, "s3cret"))
		for range 3 {
			if got, err := token(t.Context()); err != nil || strings.Count(got, ".") != 2 {
				t.Fatalf("got %d characters, %v", len(got), err)
			}
		}
		if n := given.Load(); n != want {
			t.Errorf("lifetime %s: asked %d times, want %d", lifetime, n, want)
		}
	}
}

func TestRefusedCredentialsShowNothing(t *testing.T) {
	url, _ := issuer(t, time.Hour)
	_, err := client.FromIssuer(credentials(url, "wr0ng"))(t.Context())
	if err == nil || strings.Contains(err.Error(), "wr0ng") || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("got %v", err)
	}
}

func TestAnotherIssuerIsRefused(t *testing.T) {
	url, given := issuer(t, time.Hour)
	if _, err := client.FromIssuer(credentials(url+"/", "s3cret"))(t.Context()); err == nil || given.Load() > 0 {
		t.Errorf("got %v after %d requests for a token", err, given.Load())
	}
	for _, bad := range []string{"", "http://id.example.org", "id.example.org"} {
		if _, err := client.FromIssuer(credentials(bad, "s3cret"))(t.Context()); err == nil {
			t.Errorf("%q is taken for an issuer", bad)
		}
	}
}

func TestMissingTokenIsSaidSo(t *testing.T) {
	c := client.New(client.Options{Servers: []string{"http://127.0.0.1:1"}, Token: client.FromIssuer(credentials("", "s"))})
	var none *client.TokenError
	if err := c.Ready(t.Context()); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}
