package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a certificate for crier.example with a serial number, and its key.
func certificate(t *testing.T, o TLSOptions, serial int64) {
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

func tlsOptions(t *testing.T) TLSOptions {
	var o TLSOptions
	o.CertFile, o.KeyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	certificate(t, o, 1)
	return o
}

func client(c *tls.Config) *http.Client {
	c.InsecureSkipVerify = true
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
}

func handshake(addr string, c *tls.Config) error {
	c.InsecureSkipVerify = true
	conn, err := tls.Dial("tcp", addr, c)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestOnlyTLSIsServed(t *testing.T) {
	r := start(t, Options{TLS: tlsOptions(t)})
	if answer, err := http.Post("http://"+r.addr+"/v1/rooms/newborn/messages", "application/json", strings.NewReader(good)); err == nil {
		if answer.Body.Close(); answer.StatusCode != 400 {
			t.Errorf("a plain client gets %d", answer.StatusCode)
		}
	}
	if handshake(r.addr, &tls.Config{}) == nil {
		t.Error("a handshake without SNI is taken")
	}
	if handshake(r.addr, &tls.Config{ServerName: "crier.example", MaxVersion: tls.VersionTLS11}) == nil {
		t.Error("TLS 1.1 is taken")
	}
	if r.engine.count() > 0 {
		t.Error("a request without TLS was handled")
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		answer, err := client(&tls.Config{ServerName: "crier.example", MaxVersion: version}).Get("https://" + r.addr + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		if answer.Body.Close(); answer.StatusCode != 200 || answer.ProtoMajor != 2 {
			t.Errorf("%d %s", answer.StatusCode, answer.Proto)
		}
	}
}

func TestMissingSNIMayBeAllowed(t *testing.T) {
	o := tlsOptions(t)
	o.AllowMissingSNI = true
	if err := handshake(start(t, Options{TLS: o}).addr, &tls.Config{}); err != nil {
		t.Error(err)
	}
}

func TestSlowBodyOverHTTP2(t *testing.T) {
	r := start(t, Options{TLS: tlsOptions(t), BodyTimeout: 300 * time.Millisecond})
	body, hold := io.Pipe()
	defer hold.Close()
	request, _ := http.NewRequest("POST", "https://"+r.addr+"/v1/rooms/newborn/messages", body)
	request.Header.Set("Authorization", "Bearer hosp-7")
	request.Header.Set("Content-Type", "application/json")
	answer, err := client(&tls.Config{ServerName: "crier.example"}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != 408 || answer.ProtoMajor != 2 {
		t.Errorf("%d %s", answer.StatusCode, answer.Proto)
	}
}

func TestServeWithoutCertificate(t *testing.T) {
	r := start(t, Options{})
	if err := <-r.ended; err == nil {
		t.Error("served without certificate")
	}
}
