package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/smallstep/pkcs7"
)

// SMIME is what signs the content of a message, where From is an address that the certificate names (RFC 8551).
type SMIME struct {
	CertificateFile string `yaml:"certificateFile"` // PEM, those of the authorities between after it
	KeyFile         string `yaml:"keyFile"`         // PEM, mode 0600
}

// signer signs contents; nil signs none.
type signer struct {
	chain []*x509.Certificate
	key   any
}

func (o Options) checkSMIME() (f faults) {
	f.when((o.SMIME.CertificateFile == "") != (o.SMIME.KeyFile == ""), "smime: certificateFile and keyFile belong together")
	return f
}

func newSigner(all Options) (*signer, error) {
	o := all.SMIME
	if o.CertificateFile == "" {
		return nil, nil
	}
	key, err := all.secret(context.Background(), "smime.keyFile", o.KeyFile)
	if err != nil {
		return nil, err
	}
	certificate, err := os.ReadFile(o.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("email: smime.certificateFile: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, []byte(key))
	if err != nil {
		return nil, fmt.Errorf("email: smime: %w", err)
	}
	s := &signer{key: pair.PrivateKey}
	for _, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("email: smime.certificateFile: %w", err)
		}
		s.chain = append(s.chain, c)
	}
	if len(s.chain[0].EmailAddresses) == 0 {
		return nil, fmt.Errorf("email: smime.certificateFile: %s names no e-mail address, so it would sign nothing", o.CertificateFile)
	}
	return s, nil
}

// names says whether the certificate is that of an address.
func (s *signer) names(address string) bool {
	return s != nil && slices.ContainsFunc(s.chain[0].EmailAddresses, func(one string) bool { return strings.EqualFold(one, address) })
}

// sign gives an entity with its signature beside it (RFC 8551 §3.5.3), which says when it was made.
func (s *signer) sign(entity []byte, boundary string) ([]byte, error) {
	signed, err := pkcs7.NewSignedData(entity)
	if err != nil {
		return nil, err
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := signed.AddSigner(s.chain[0], s.key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	for _, between := range s.chain[1:] {
		signed.AddCertificate(between)
	}
	signed.Detach()
	signature, err := signed.Finish()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=%s\r\n\r\n", boundary)
	fmt.Fprintf(&out, "--%s\r\n%s\r\n", boundary, entity)
	fmt.Fprintf(&out, "--%s\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n", boundary)
	fmt.Fprintf(&out, "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n%s--%s--\r\n", inLines(signature), boundary)
	return out.Bytes(), nil
}

// inLines writes base64 as MIME wants it (RFC 2045 §6.8).
func inLines(raw []byte) []byte {
	const most = 76
	text := base64.StdEncoding.EncodeToString(raw)
	var out bytes.Buffer
	for line := range slices.Chunk([]byte(text), most) {
		out.Write(line)
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// boundary is one that follows from the content, and differs from those of other layers.
func (k contentKey) boundary(layer string) string {
	return "crier-" + layer + hex.EncodeToString(k[:16])
}
