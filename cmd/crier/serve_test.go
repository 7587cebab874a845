package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc/devissuer"
)

// certify writes a certificate for localhost, and its key.
func certify(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// startTestIssuer runs an identity provider that knows an admin.
func startTestIssuer(t *testing.T) string {
	t.Helper()
	var h http.Handler
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(s.Close)
	issuer, err := devissuer.New(s.URL, devissuer.Options{
		Clients: []devissuer.Client{{ID: "ops", Secret: "ops-secret", Roles: []string{"admin"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h = issuer
	return s.URL
}

// runCommand runs a command as the environment says, and gives its status and output.
func runCommand(ctx context.Context, env map[string]string, args ...string) (int, string) {
	var out bytes.Buffer
	t := terminal{in: strings.NewReader(""), out: &out, err: &out, env: func(name string) string { return env[name] }}
	return t.execute(ctx, args), out.String()
}

// A server as an operator runs it: keys made by the commands, secrets from the environment, TLS, metrics apart.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	certify(t, at("tls.crt"), at("tls.key"))
	issuer := startTestIssuer(t)
	for _, args := range [][]string{{"keys", "store", at("store.key")}, {"keys", "new", at("keys.json")}} {
		if status, out := runCommand(t.Context(), nil, args...); status != 0 {
			t.Fatal(out)
		}
	}
	conf := fmt.Sprintf(`
broker: {store: %s}
api: {listen: "127.0.0.1:0", tls: {certFile: %s, keyFile: %s}}
oidc: {issuer: %s}
providers: {email: {kind: sandbox}}
metrics: {listen: "localhost:0"}
logging: {format: json}
`, at("store"), at("tls.crt"), at("tls.key"), issuer)
	if err := os.WriteFile(at("crier.yaml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"CRIER_STORE_KEY_FILE": at("store.key"), "CRIER_VAULT_KEYS_FILE": at("keys.json"), "CRIER_CA_FILE": at("tls.crt"),
		"CRIER_ISSUER": issuer, "CRIER_CLIENT_ID": "ops", "CRIER_CLIENT_SECRET": "ops-secret",
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log, ended := new(tail), make(chan int, 1)
	server := terminal{in: strings.NewReader(""), out: log, err: log, env: func(name string) string { return env[name] }}
	go func() { ended <- server.execute(ctx, []string{"serve", "--config", at("crier.yaml")}) }()

	port := logged(t, log, `"api":"https://127\.0\.0\.1:(\d+)"`)
	env["CRIER_SERVER"] = "https://localhost:" + port
	if status, out := runCommand(t.Context(), env, "room", "create", "newborn"); status != 0 || !strings.Contains(out, "newborn") {
		t.Errorf("over TLS: %s", out)
	}
	if plain, err := http.Get("http://127.0.0.1:" + port + "/healthz"); err == nil {
		_ = plain.Body.Close()
		if plain.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: answered %d", plain.StatusCode)
		}
	}
	refused(t, "without server name", &tls.Config{InsecureSkipVerify: true}, port)
	refused(t, "with TLS 1.1", &tls.Config{InsecureSkipVerify: true, ServerName: "localhost", MaxVersion: tls.VersionTLS11}, port)

	stop()
	if status := <-ended; status != 0 {
		t.Errorf("ended with status %d:\n%s", status, log.String())
	}
}

// logged waits until the log matches, and gives the first group.
func logged(t *testing.T, log *tail, pattern string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(log.String()); m != nil {
			return m[len(m)-1]
		}
		pause(t.Context(), 5*time.Millisecond) // between two looks
	}
	t.Fatalf("the log never said %s:\n%s", pattern, log.String())
	return ""
}

func refused(t *testing.T, what string, c *tls.Config, port string) {
	t.Helper()
	conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", port), c)
	if err == nil {
		_ = conn.Close()
		t.Errorf("a handshake %s was accepted", what)
	}
}
