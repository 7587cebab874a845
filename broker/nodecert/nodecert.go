// Package nodecert makes a certificate authority and certificates of nodes, for clusters that live no longer than a test
// or a drill.
//
// It promises what TLS between nodes wants: a certificate that serves both ends of a route, valid for a day. It does not
// keep the authority's key, so nothing can be added to an authority later, and it revokes nothing: an installation has an
// authority of its own.
package nodecert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is how long a certificate lasts.
const validity = 24 * time.Hour

// Authority signs certificates. Its own is in File.
type Authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial int64
}

// New makes an authority whose files stand in a folder.
func New(folder string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("nodecert: %w", err)
	}
	a := &Authority{folder: folder, key: key, serial: 1}
	template := a.template("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("nodecert: %w", err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("nodecert: %w", err)
	}
	return a, write(a.File(), "CERTIFICATE", der)
}

// File holds the authority's certificate, PEM.
func (a *Authority) File() string { return filepath.Join(a.folder, "ca.crt") }

// Issue writes NAME.crt and NAME.key for a node that is reached under the hosts, which are names or IP addresses.
func (a *Authority) Issue(name string, hosts ...string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("nodecert: %w", err)
	}
	a.serial++
	template := a.template(name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return "", "", fmt.Errorf("nodecert: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", fmt.Errorf("nodecert: %w", err)
	}
	certFile, keyFile = filepath.Join(a.folder, name+".crt"), filepath.Join(a.folder, name+".key")
	return certFile, keyFile, errors.Join(write(certFile, "CERTIFICATE", der), write(keyFile, "PRIVATE KEY", private))
}

func (a *Authority) template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.serial),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"crier, for a test"}},
		NotBefore:    time.Now().Add(-2 * time.Hour), // clocks may be set wrong on purpose
		NotAfter:     time.Now().Add(validity),
	}
}

func write(path, kind string, der []byte) error {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("nodecert: %w", err)
	}
	return nil
}
