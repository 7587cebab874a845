package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigCheckOpensFiles has every file wrong in its own way, all of which is said at once, and then none.
func TestConfigCheckOpensFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(at(name), []byte(text), 0o600), os.Chmod(at(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	certify(t, at("tls.crt"), at("tls.key"))
	certify(t, at("other.crt"), at("other.key"))
	for _, args := range [][]string{{"keys", "store", at("store.key")}, {"keys", "new", at("keys.json")}} {
		if status, out := runCommand(t.Context(), nil, args...); status != 0 {
			t.Fatal(out)
		}
	}
	write("sms.password", "sixteen-letters!\n", 0o600)
	write("token", "s3cret", 0o644)
	write("crier.yaml", strings.ReplaceAll(`
broker: {store: DIR/store, keyFile: DIR/store.key}
vault: {keysFile: DIR/keys.json}
api: {listen: "127.0.0.1:0", tls: {certFile: DIR/tls.crt, keyFile: DIR/other.key}}
oidc: {issuer: "https://id.example.org"}
providers:
  email: {kind: smtp, host: relay.example.org, from: a@example.org, username: crier, passwordFile: DIR/email.password}
  sms: {kind: smpp, host: smsc.example.org, systemId: crier, from: GOV, passwordFile: DIR/sms.password}
  telegram: {kind: bot, tokenFile: DIR/token}
`, "DIR", dir), 0o600)
	if err := os.Chmod(at("store.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out := runCommand(t.Context(), nil, "config", "check", at("crier.yaml"))
	for _, want := range []string{
		"broker.keyFile: ", "mode 0644", "api.tls.certFile: tls: private key does not match public key", "providers.email.passwordFile: open ",
		"providers.sms.passwordFile: the password has more than 8 characters", "providers.telegram.tokenFile: ", "has 5 faults",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if status == 0 || strings.Contains(out, "sixteen") || strings.Contains(out, "s3cret") {
		t.Errorf("ended with %d:\n%s", status, out)
	}
	if _, out := runCommand(t.Context(), nil, "config", "check", "--no-files", at("crier.yaml")); strings.Contains(out, "broker.keyFile") {
		t.Errorf("files are opened:\n%s", out)
	}

	write("email.password", "hunter2", 0o600)
	write("sms.password", "hunter2", 0o600)
	write("token", "12345678:abcdefghijklmnopqrstuvwxyz-ABCDEFGH", 0o600)
	if err := errors.Join(os.Chmod(at("store.key"), 0o600), os.Rename(at("tls.key"), at("other.key"))); err != nil {
		t.Fatal(err)
	}
	if status, out := runCommand(t.Context(), nil, "config", "check", at("crier.yaml")); status != 0 || out != "no faults\n" {
		t.Errorf("ended with %d:\n%s", status, out)
	}
}
