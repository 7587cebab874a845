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
	"path/filepath"
	"testing"
	"time"

	"github.com/govcrier/crier/api/govstack/mediator"
)

// authority issues certificates of clients.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	a := authority{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	a.key = newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a authority) file() string {
	name := filepath.Join(a.t.TempDir(), "ca.pem")
	writeFile(a.t, name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	return name
}

// issue makes a certificate of a common name and another name, for use by clients.
func (a authority) issue(common, dns string) []tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: common}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if dns != "" {
		template.DNSNames = []string{dns}
	}
	key := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
}

// By a certificate somebody is who the operator has said, or acts for others if he is a proxy; the header alone is nothing.
func TestCertificatesOnTheMediator(t *testing.T) {
	ca := newAuthority(t)
	e := withEvents()
	s := serverOn(e, Options{TLS: tlsOptions(t), Mediator: mediator.Options{
		ClientCA: ca.file(), Proxies: []string{"xroad.example"},
		Clients: map[string]mediator.Client{
			"neverland/GOV/health/registry": {Client: "hosp-7"},
			"neverland/GOV/health/clinic":   {Client: "clinic-4", Certificate: "clinic.example"},
		},
	}}, io.Discard)
	r := serving(t, s, e)
	const hospital, clinic = "neverland/GOV/health/registry", "neverland/GOV/health/clinic"
	for name, tc := range map[string]struct {
		shown []tls.Certificate
		as    string
		token string
		want  int
	}{
		"the proxy for one":                   {ca.issue("x", "xroad.example"), hospital, "", 200},
		"the proxy for another":               {ca.issue("xroad.example", ""), clinic, "", 200},
		"the proxy for nobody":                {ca.issue("x", "xroad.example"), "", "", 401},
		"the proxy for one it does not know":  {ca.issue("x", "xroad.example"), "neverland/GOV/health/hosp-7", "", 401},
		"the proxy for one with a token":      {ca.issue("x", "xroad.example"), hospital, "hosp-7", 200},
		"the proxy, with the token of others": {ca.issue("x", "xroad.example"), hospital, "hosp-8", 403},
		"a client":                            {ca.issue("clinic.example", ""), clinic, "", 200},
		"a client that does not say who":      {ca.issue("clinic.example", ""), "", "", 200},
		"a client as another":                 {ca.issue("clinic.example", ""), hospital, "", 403},
		"a client of another name":            {ca.issue("other.example", ""), hospital, "", 401},
		"nobody's certificate":                {nil, hospital, "", 401},
	} {
		c := client(&tls.Config{ServerName: "crier.example", Certificates: tc.shown})
		request, _ := http.NewRequest("GET", "https://"+r.addr+imRoom+"/api/v1/eventType", nil)
		if tc.as != "" {
			request.Header.Set("X-GovStack-Client", tc.as)
		}
		if tc.token != "" {
			request.Header.Set("Authorization", "Bearer "+tc.token)
		}
		answer, err := c.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if answer.Body.Close(); answer.StatusCode != tc.want {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, tc.want)
		}
	}
	forged := client(&tls.Config{ServerName: "crier.example", Certificates: newAuthority(t).issue("xroad.example", "")})
	if answer, err := forged.Get("https://" + r.addr + "/healthz"); err == nil {
		answer.Body.Close()
		t.Error("a certificate of another authority is taken")
	}
	request, _ := http.NewRequest("GET", "https://"+r.addr+"/v1/rooms", nil)
	request.Header.Set("X-GovStack-Client", hospital)
	answer, err := client(&tls.Config{ServerName: "crier.example", Certificates: ca.issue("x", "xroad.example")}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != 401 {
		t.Errorf("on crier's own API a certificate is nothing: %d", answer.StatusCode)
	}
}

func TestFaultyAuthorities(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, empty, []byte("nothing"))
	for _, file := range []string{empty, filepath.Join(t.TempDir(), "none.pem")} {
		r := start(t, Options{TLS: tlsOptions(t), Mediator: mediator.Options{ClientCA: file}})
		if err := <-r.ended; err == nil {
			t.Errorf("served with %s", filepath.Base(file))
		}
	}
}
