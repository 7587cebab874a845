// Package mailkeystest makes people's keys for tests, and reads with OpenSSL and GnuPG what was encrypted with them.
// Everything lies in temporary folders, and is gone when the test has ended.
package mailkeystest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// SMIME is a certificate that has signed itself, with its key.
type SMIME struct {
	Certificate string // PEM
	File, Key   string // PEM files
}

// NewSMIME makes one for an address, of RSA with 2048 bits, which change may alter before it is signed.
func NewSMIME(tb testing.TB, address string, change ...func(*x509.Certificate)) SMIME {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return NewSMIMEOf(tb, key, address, change...)
}

// NewSMIMEOf makes one of a key.
func NewSMIMEOf(tb testing.TB, key crypto.Signer, address string, change ...func(*x509.Certificate)) SMIME {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:       x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		EmailAddresses: []string{address},
	}
	for _, f := range change {
		f(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s := SMIME{string(text), filepath.Join(tb.TempDir(), "cert.pem"), filepath.Join(tb.TempDir(), "key.pem")}
	write(tb, s.File, text)
	write(tb, s.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return s
}

// Decrypt opens a message with `openssl smime`: a whole MIME message, or DER.
func (s SMIME) Decrypt(tb testing.TB, sealed []byte, form string) []byte {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "sealed")
	write(tb, file, sealed)
	return run(tb, nil, "openssl", "smime", "-decrypt", "-binary", "-inform", form, "-in", file, "-recip", s.File, "-inkey", s.Key)
}

// Verify gives what was signed, if the signature holds and its certificate is this one.
func (s SMIME) Verify(tb testing.TB, signed []byte) []byte {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "signed")
	write(tb, file, signed)
	return run(tb, nil, "openssl", "smime", "-verify", "-binary", "-in", file, "-CAfile", s.File)
}

// OpenPGP is a key in a key ring of GnuPG's.
type OpenPGP struct {
	Public string // armored
	home   string
}

// NewOpenPGP makes one with GnuPG, of an algorithm that it knows, such as rsa2048 or future-default.
func NewOpenPGP(tb testing.TB, address, algorithm string) OpenPGP {
	tb.Helper()
	home, err := os.MkdirTemp("", "gpg") // not tb.TempDir, which is too long for the agent's socket
	if err != nil {
		tb.Fatal(err)
	}
	o := OpenPGP{home: home}
	tb.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	o.GPG(tb, nil, "--passphrase", "", "--quick-generate-key", "Person <"+address+">", algorithm, "default", "1d")
	if algorithm != "future-default" && algorithm != "default" {
		o.GPG(tb, nil, "--passphrase", "", "--quick-add-key", o.fingerprint(tb), algorithm, "encrypt", "1d")
	}
	o.Public = string(o.GPG(tb, nil, "--armor", "--export"))
	return o
}

func (o OpenPGP) fingerprint(tb testing.TB) string {
	tb.Helper()
	for line := range strings.Lines(string(o.GPG(tb, nil, "--with-colons", "--list-keys"))) {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			return fields[9]
		}
	}
	tb.Fatal("no key")
	return ""
}

// Decrypt opens an armored message.
func (o OpenPGP) Decrypt(tb testing.TB, sealed []byte) []byte {
	tb.Helper()
	return o.GPG(tb, sealed, "--decrypt")
}

// GPG runs GnuPG on the key ring.
func (o OpenPGP) GPG(tb testing.TB, input []byte, args ...string) []byte {
	tb.Helper()
	return run(tb, input, "gpg", append([]string{"--homedir", o.home, "--batch", "--quiet", "--pinentry-mode", "loopback"}, args...)...)
}

func run(tb testing.TB, input []byte, name string, args ...string) []byte {
	tb.Helper()
	c := exec.Command(name, args...)
	c.Stdin = bytes.NewReader(input)
	var faults bytes.Buffer
	c.Stderr = &faults
	out, err := c.Output()
	if err != nil {
		tb.Fatalf("%s %s: %v: %s (is it installed? see `make deps`)", name, strings.Join(args, " "), err, &faults)
	}
	return out
}

func write(tb testing.TB, name string, text []byte) {
	tb.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		tb.Fatal(err)
	}
}
