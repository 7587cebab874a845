package devissuer_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/govcrier/crier/api/oidc/devissuer"
)

func TestNewRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		url     string
		options devissuer.Options
	}{
		"other host":       {"http://id.example", devissuer.Options{}},
		"all addresses":    {"http://0.0.0.0:8081", devissuer.Options{}},
		"private address":  {"http://192.168.1.7:8081", devissuer.Options{}},
		"no host":          {"http://:8081", devissuer.Options{}},
		"query":            {"http://localhost:8081/?a=b", devissuer.Options{}},
		"foreign redirect": {"http://localhost", devissuer.Options{Clients: []devissuer.Client{{ID: "a", RedirectURIs: []string{"https://evil.example"}}}}},
		"client twice":     {"http://localhost", devissuer.Options{Clients: []devissuer.Client{{ID: "a"}, {ID: "a"}}}},
		"nameless user":    {"http://localhost", devissuer.Options{Users: []devissuer.User{{}}}},
		"lifetime":         {"http://localhost", devissuer.Options{TokenLifetime: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := devissuer.New(test.url, test.options); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestLoopbackOnly calls the handler as a server does that is bound to the given address.
func TestLoopbackOnly(t *testing.T) {
	issuer, err := devissuer.New("http://localhost:8081", options())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		bound net.Addr
		host  string
		want  int
	}{
		"loopback":         {&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, "localhost:8081", http.StatusOK},
		"loopback, IPv6":   {&net.TCPAddr{IP: net.IPv6loopback}, "[::1]:8081", http.StatusOK},
		"network address":  {&net.TCPAddr{IP: net.IPv4(192, 168, 1, 7)}, "localhost:8081", http.StatusForbidden},
		"unknown address":  {nil, "localhost:8081", http.StatusForbidden},
		"rebound DNS name": {&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, "evil.example:8081", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest("GET", "http://"+test.host+"/.well-known/openid-configuration", nil)
			if test.bound != nil {
				request = request.WithContext(context.WithValue(request.Context(), http.LocalAddrContextKey, test.bound))
			}
			recorder := httptest.NewRecorder()
			issuer.ServeHTTP(recorder, request)
			if recorder.Code != test.want {
				t.Errorf("answered %d, want %d", recorder.Code, test.want)
			}
		})
	}
}

func TestSharedWithLoopbackPagesOnly(t *testing.T) {
	issuer := start(t, "", options())
	for origin, allowed := range map[string]string{
		"http://localhost:3000": "http://localhost:3000",
		"https://evil.example":  "",
	} {
		request, err := http.NewRequest(http.MethodOptions, issuer.URL()+"/oauth/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != allowed {
			t.Errorf("pages of %s: %q", origin, got)
		}
	}
}
