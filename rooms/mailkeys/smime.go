package mailkeys

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/smallstep/pkcs7"
)

const (
	minRSA = 2048 // bits
	maxRSA = 8192
)

// smime is a certificate.
type smime struct{ certificate *x509.Certificate }

func readSMIME(text string, now time.Time) (smime, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return smime{}, fmt.Errorf("%w: one certificate in PEM form", ErrKey)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return smime{}, fmt.Errorf("%w: a certificate that cannot be read", ErrKey)
	}
	public, isRSA := c.PublicKey.(*rsa.PublicKey)
	switch {
	case !isRSA:
		return smime{}, fmt.Errorf("%w: only certificates of RSA keys can be encrypted with", ErrKey)
	case public.N.BitLen() < minRSA || public.N.BitLen() > maxRSA:
		return smime{}, fmt.Errorf("%w: an RSA key has %d to %d bits", ErrKey, minRSA, maxRSA)
	case now.Before(c.NotBefore), now.After(c.NotAfter):
		return smime{}, fmt.Errorf("%w: the certificate is not valid at this time", ErrKey)
	case !forMail(c):
		return smime{}, fmt.Errorf("%w: the certificate is not for encrypting mail", ErrKey)
	}
	return smime{c}, nil
}

// forMail holds for certificates that say nothing of what they are for, or that they are for this (RFC 8550 §4.4).
func forMail(c *x509.Certificate) bool {
	mail := slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
	return (c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageKeyEncipherment != 0) &&
		(mail || len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0)
}

func (s smime) text() (string, error) {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})), nil
}

// aes256 sets what the library encrypts with, DES of 56 bits unless it is told otherwise. CBC is what mail programs read:
// GCM belongs into another structure (RFC 5084), which the library does not write.
var aes256 = sync.OnceFunc(func() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC }) //nolint:gochecknoglobals // the library has a variable, which is set once

// encrypt gives EnvelopedData (RFC 5652 §6).
func (s smime) encrypt(plain []byte) ([]byte, error) {
	aes256()
	return pkcs7.Encrypt(slices.Clone(plain), []*x509.Certificate{s.certificate}) // it pads in place
}
