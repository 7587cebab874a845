package oidc_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/oidc"
)

func TestCheck(t *testing.T) {
	const issuer = "https://id.example/realms/health"
	folder := t.TempDir()
	noCertificate := filepath.Join(folder, "empty.pem")
	if err := os.WriteFile(noCertificate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		options oidc.Options
		faults  []string // the options found faulty
	}{
		"good":                {oidc.Options{Issuer: issuer}, nil},
		"loopback":            {oidc.Options{Issuer: "http://127.0.0.1:8081"}, nil},
		"loopback, IPv6":      {oidc.Options{Issuer: "http://[::1]:8081"}, nil},
		"HTTP allowed":        {oidc.Options{Issuer: "http://id.example", AllowHTTP: true}, nil},
		"all asymmetric":      {oidc.Options{Issuer: issuer, Algorithms: strings.Fields("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA")}, nil},
		"no issuer":           {oidc.Options{}, []string{"issuer"}},
		"HTTP":                {oidc.Options{Issuer: "http://id.example"}, []string{"issuer"}},
		"no scheme":           {oidc.Options{Issuer: "id.example"}, []string{"issuer"}},
		"other scheme":        {oidc.Options{Issuer: "ftp://id.example"}, []string{"issuer"}},
		"query":               {oidc.Options{Issuer: issuer + "?a"}, []string{"issuer"}},
		"none, HMAC, unknown": {oidc.Options{Issuer: issuer, Algorithms: []string{"none", "HS256", "rs256"}}, []string{"algorithms", "algorithms", "algorithms"}},
		"path":                {oidc.Options{Issuer: issuer, ClaimPath: "a..b"}, []string{"claimPath"}},
		"client claims":       {oidc.Options{Issuer: issuer, ClientClaims: []string{""}}, []string{"clientClaims"}},
		"durations": {oidc.Options{Issuer: issuer, ClockSkew: -1, KeyRefreshInterval: -1, RequestTimeout: -1},
			[]string{"clockSkew", "keyRefreshInterval", "requestTimeout"}},
		"CA file missing":  {oidc.Options{Issuer: issuer, CAFile: filepath.Join(folder, "none")}, []string{"caFile"}},
		"CA file empty":    {oidc.Options{Issuer: issuer, CAFile: noCertificate}, []string{"caFile"}},
		"several together": {oidc.Options{ClaimPath: ".", ClockSkew: -1}, []string{"issuer", "claimPath", "clockSkew"}},
	} {
		t.Run(name, func(t *testing.T) {
			faults := test.options.Check()
			if len(faults) != len(test.faults) {
				t.Fatalf("got %v, want faults of %v", faults, test.faults)
			}
			for n, fault := range faults {
				if !strings.HasPrefix(fault.Error(), test.faults[n]+": ") {
					t.Errorf("got %q, want a fault of %s", fault, test.faults[n])
				}
			}
			if _, err := oidc.New(t.Context(), test.options); len(faults) > 0 && err == nil {
				t.Error("New accepts it")
			}
		})
	}
}

func TestCAFile(t *testing.T) {
	asked := 0
	provider := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		fmt.Fprintf(w, `{"issuer":"https://%s","jwks_uri":"https://%[1]s/keys"}`, r.Host)
	}))
	provider.Config.ErrorLog = log.New(io.Discard, "", 0)
	provider.StartTLS()
	defer provider.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: provider.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, ready := range map[string]bool{file: true, "": false} {
		v, err := oidc.New(t.Context(), oidc.Options{Issuer: provider.URL, CAFile: name})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Ready(t.Context()); (err == nil) != ready {
			t.Errorf("with authorities from %q: %v", name, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestKindsAreAllAndDistinct(t *testing.T) {
	texts := map[string]bool{}
	for _, kind := range oidc.Kinds() {
		if kind.Error() == "" || texts[kind.Error()] {
			t.Errorf("kind %q is empty or twice there", kind)
		}
		texts[kind.Error()] = true
	}
}
