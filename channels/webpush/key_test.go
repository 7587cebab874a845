package webpush_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/channels/webpush"
)

// openssl makes the usual PEM files.
func TestKeyFiles(t *testing.T) {
	sec1 := filepath.Join(t.TempDir(), "sec1.pem")
	if out, err := exec.Command("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", sec1).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pkcs8 := filepath.Join(t.TempDir(), "pkcs8.pem")
	if out, err := exec.Command("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", sec1, "-out", pkcs8).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	publics := map[string]bool{}
	for _, name := range []string{sec1, pkcs8} {
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := webpush.ReadKey(t.Context(), nil, name)
		if err != nil {
			t.Fatal(err)
		}
		public, err := k.Public()
		if err != nil || len(public) != 87 || public[0] != 'B' {
			t.Errorf("%s: %q, %v", name, public, err)
		}
		publics[public] = true
		private, err := k.Private()
		if err != nil {
			t.Fatal(err)
		}
		again, err := webpush.ReadKey(t.Context(), nil, file(t, private+"=\n"))
		if err != nil {
			t.Fatal(err)
		}
		if same, _ := again.Public(); same != public {
			t.Error("in base64url it is another key")
		}
	}
	if len(publics) != 1 {
		t.Error("one key in two forms is two")
	}
}

func TestKeyFilesRefused(t *testing.T) {
	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(large)
	if err != nil {
		t.Fatal(err)
	}
	open := keyFile(t)
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"none": "", "missing": filepath.Join(t.TempDir(), "x"), "want 0600": open, "P-384": file(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))),
		"no key": file(t, "canary"), "zero": file(t, strings.Repeat("A", 43)), "a certificate": file(t, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		if _, err := webpush.ReadKey(t.Context(), nil, path); err == nil || strings.Contains(err.Error(), "canary") || strings.HasPrefix(name, "want") && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsOfOptions(t *testing.T) {
	good := webpush.Options{KeyFile: keyFile(t), Contact: "https://gov.test/contact", URL: "https://gov.test/", Services: []string{"fcm.googleapis.com", "*.push.apple.com"}}
	if faults := good.Check(); len(faults) > 0 {
		t.Error(faults)
	}
	bad := webpush.Options{
		KeyFile: "/nowhere", Contact: "ops@gov.test", URL: "http://gov.test", MaxTTL: -time.Second, Services: []string{"*"},
		Options: outbound.Options{Concurrency: -1},
	}
	if faults := bad.Check(); len(faults) != 6 {
		t.Error(faults)
	}
}
