package mailkeys_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/mailkeys"
	"github.com/govcrier/crier/rooms/mailkeys/mailkeystest"
)

const plain = "Content-Type: text/plain\r\n\r\nПриходите в понедельник.\r\n"

// What crier encrypts, OpenSSL opens, and nobody with another key.
func TestSMIME(t *testing.T) {
	person := mailkeystest.NewSMIME(t, "a@people.test")
	key, err := mailkeys.Parse(rooms.SMIME, "\n"+person.Certificate+"\n", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	first, err := mailkeys.Encrypt(key, []byte(plain), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := person.Decrypt(t, first, "DER"); string(got) != plain {
		t.Errorf("decrypted to %q", got)
	}
	second, err := mailkeys.Encrypt(key, []byte(plain), time.Now())
	if err != nil || bytes.Equal(first, second) || bytes.Contains(first, []byte("text/plain")) {
		t.Errorf("the same bytes twice, or in the clear: %v", err)
	}
	aes256CBC := []byte{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a} // 2.16.840.1.101.3.4.1.42
	if !bytes.Contains(first, aes256CBC) || pkcs7.ContentEncryptionAlgorithm != pkcs7.EncryptionAlgorithmAES256CBC {
		t.Error("not encrypted with AES of 256 bits")
	}
}

// What crier encrypts, GnuPG opens, for keys of RSA and of elliptic curves.
func TestOpenPGP(t *testing.T) {
	for _, algorithm := range []string{"rsa2048", "future-default"} {
		person := mailkeystest.NewOpenPGP(t, "a@people.test", algorithm)
		key, err := mailkeys.Parse(rooms.OpenPGP, person.Public, time.Now())
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		sealed, err := mailkeys.Encrypt(key, []byte(plain), time.Now())
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if got := person.Decrypt(t, sealed); string(got) != plain {
			t.Errorf("%s: decrypted to %q", algorithm, got)
		}
		packets := string(person.GPG(t, sealed, "--list-packets"))
		if !strings.HasPrefix(string(sealed), "-----BEGIN PGP MESSAGE-----") || !strings.Contains(packets, "mdc_method") {
			t.Errorf("%s: not armored, or not protected against changes: %s", algorithm, packets)
		}
		if _, err := mailkeys.Parse(rooms.OpenPGP, person.Public, time.Now().Add(48*time.Hour)); !errors.Is(err, mailkeys.ErrKey) {
			t.Errorf("%s: a key that has expired: %v", algorithm, err)
		}
		if _, err := mailkeys.Encrypt(key, []byte(plain), time.Now().Add(48*time.Hour)); !errors.Is(err, mailkeys.ErrKey) {
			t.Errorf("%s: it is encrypted with a key that has expired: %v", algorithm, err)
		}
		secret := string(person.GPG(t, nil, "--armor", "--export-secret-keys", "--passphrase", ""))
		if _, err := mailkeys.Parse(rooms.OpenPGP, strings.ReplaceAll(secret, "PRIVATE", "PUBLIC"), time.Now()); !errors.Is(err, mailkeys.ErrKey) {
			t.Errorf("%s: a private key: %v", algorithm, err)
		}
	}
}

// Each refusal says what is wrong, and nothing of what was there.
func TestKeysRefused(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := func(change func(*x509.Certificate)) string {
		return mailkeystest.NewSMIME(t, "canary@people.test", change).Certificate
	}
	good := mailkeystest.NewSMIME(t, "canary@people.test")
	secret, err := os.ReadFile(good.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		kind rooms.KeyKind
		text string
	}{
		"one certificate in PEM":                {rooms.SMIME, "canary"},
		"one certificate in PEM form":           {rooms.SMIME, good.Certificate + good.Certificate},
		"one certificate in PEM ":               {rooms.SMIME, string(secret)},
		"a certificate that cannot be read":     {rooms.SMIME, "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----"},
		"only certificates of RSA":              {rooms.SMIME, mailkeystest.NewSMIMEOf(t, curve, "canary@people.test").Certificate},
		"an RSA key has 2048":                   {rooms.SMIME, mailkeystest.NewSMIMEOf(t, short, "canary@people.test").Certificate},
		"not valid at this time":                {rooms.SMIME, made(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })},
		"not valid at this time ":               {rooms.SMIME, made(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })},
		"not for encrypting mail":               {rooms.SMIME, made(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })},
		"not for encrypting mail ":              {rooms.SMIME, made(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })},
		"longer than":                           {rooms.SMIME, strings.Repeat("canary ", 10_000)},
		"one public key, armored":               {rooms.OpenPGP, "canary"},
		"one public key, armored ":              {rooms.OpenPGP, good.Certificate},
		"a key that cannot be read":             {rooms.OpenPGP, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nY2FuYXJ5\n-----END PGP PUBLIC KEY BLOCK-----"},
		"of a kind":                             {"pem", good.Certificate},
		"not a key that mail can be encrypted ": {rooms.OpenPGP, ""},
	} {
		_, err := mailkeys.Parse(tc.kind, tc.text, time.Now())
		if !errors.Is(err, mailkeys.ErrKey) || !strings.Contains(err.Error(), strings.TrimSpace(name)) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, fine := range []func(*x509.Certificate){
		func(c *x509.Certificate) { c.ExtKeyUsage, c.KeyUsage = nil, 0 },
		func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} },
	} {
		if _, err := mailkeys.Parse(rooms.SMIME, made(fine), time.Now()); err != nil {
			t.Error(err)
		}
	}
}

// FuzzParse wants that no text stops the program, and that what is accepted is accepted again as it is given.
func FuzzParse(f *testing.F) {
	for name, isSMIME := range map[string]bool{"certificate.pem": true, "key.asc": false} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(isSMIME, string(text))
	}
	f.Add(false, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----")
	f.Add(true, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----")
	f.Fuzz(func(t *testing.T, isSMIME bool, text string) {
		kind := rooms.OpenPGP
		if isSMIME {
			kind = rooms.SMIME
		}
		now := time.Now()
		key, err := mailkeys.Parse(kind, text, now)
		if err != nil {
			if !errors.Is(err, mailkeys.ErrKey) {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := mailkeys.Parse(kind, key.Text.Reveal(), now)
		if err != nil || again.Text.Reveal() != key.Text.Reveal() {
			t.Errorf("what was accepted is not: %v", err)
		}
	})
}
