package servercert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCertificateIsReadAgain(t *testing.T) {
	o := Files{CertFile: filepath.Join(t.TempDir(), "cert.pem"), KeyFile: filepath.Join(t.TempDir(), "key.pem")}
	certificate(t, o, 1)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	c, err := Open(o, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		return c.Get().Leaf.SerialNumber.Int64()
	}
	serial()
	certificate(t, o, 2_000_000)
	if got := serial(); got != 1 {
		t.Errorf("looked again within a second: %d", got)
	}
	now = now.Add(time.Second)
	if got := serial(); got != 2_000_000 {
		t.Errorf("not read again: %d", got)
	}
	writeFile(t, o.CertFile, []byte("broken"))
	now = now.Add(time.Second)
	if got := serial(); got != 2_000_000 {
		t.Errorf("a broken file: %d", got)
	}
	certificate(t, o, 3)
	now = now.Add(time.Second)
	if got := serial(); got != 3 {
		t.Errorf("not read after it was mended: %d", got)
	}
}

// certificate writes a certificate for crier.example with a serial number, and its key.
func certificate(t *testing.T, o Files, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "crier.example"}, DNSNames: []string{"crier.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, o.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, o.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
