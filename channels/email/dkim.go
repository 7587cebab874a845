package email

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// DKIMKey signs the messages whose From has an address of its domain, or of one below it (RFC 6376).
type DKIMKey struct {
	Domain   string `yaml:"domain"`
	Selector string `yaml:"selector"` // under which the public key is found: SELECTOR._domainkey.DOMAIN
	KeyFile  string `yaml:"keyFile"`  // PEM, mode 0600: RSA of 2048 bits or more, or Ed25519 (RFC 8463)
}

const minRSA = 2048 // bits

type dkimKey struct {
	DKIMKey
	algorithm string
	signer    crypto.Signer
	hash      crypto.Hash // what the signer has to know of what it signs
}

// dkimKeys are all there are. Several of one domain sign all, say an RSA and an Ed25519 one, since not everybody
// verifies the latter.
type dkimKeys []dkimKey

func (o Options) checkDKIM() (f faults) {
	for i, k := range o.DKIM {
		f.when(!isHost(k.Domain), "dkim: %d: domain %q is not a domain name", i+1, k.Domain)
		f.when(!isHost(k.Selector), "dkim: %d: selector %q is not a selector", i+1, k.Selector)
		f.when(k.KeyFile == "", "dkim: %d: keyFile is missing", i+1)
	}
	return f
}

func (o Options) readDKIM() (dkimKeys, error) {
	var keys dkimKeys
	for _, one := range o.DKIM {
		text, err := o.secret(context.Background(), "dkim keyFile", one.KeyFile)
		if err != nil {
			return nil, err
		}
		k, err := newDKIM(one, []byte(text))
		if err != nil {
			return nil, fmt.Errorf("email: dkim: %s: %w", one.KeyFile, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func newDKIM(o DKIMKey, text []byte) (dkimKey, error) {
	key, err := privateKey(text)
	if err != nil {
		return dkimKey{}, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSA {
			return dkimKey{}, fmt.Errorf("an RSA key of %d bits; want %d or more", key.N.BitLen(), minRSA)
		}
		return dkimKey{o, "rsa-sha256", key, crypto.SHA256}, nil
	case ed25519.PrivateKey:
		return dkimKey{o, "ed25519-sha256", key, crypto.Hash(0)}, nil
	}
	return dkimKey{}, errors.New("neither an RSA nor an Ed25519 key")
}

// privateKey reads PEM: PKCS #8, or PKCS #1. What cannot be read is not repeated.
func privateKey(text []byte) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("no private key in PKCS #8 or PKCS #1 form")
}

// sign puts the signatures of a domain's keys before a header. They are of the time given, so that they are the same each time.
func (keys dkimKeys) sign(domain string, at time.Time, header []byte, b body) ([]byte, error) {
	var out bytes.Buffer
	var fields []field
	for _, k := range keys {
		if !k.covers(domain) {
			continue
		}
		if fields == nil {
			own, _, _ := bytes.Cut(b.bytes, []byte("\r\n\r\n"))
			fields = append(fieldsOf(header), fieldsOf(append(own, "\r\n"...))...)
		}
		signature, err := k.sign(at, fields, b.hash)
		if err != nil {
			return nil, fmt.Errorf("email: dkim: %w", err)
		}
		out.Write(signature)
	}
	out.Write(header)
	return out.Bytes(), nil
}

func (k dkimKey) covers(domain string) bool {
	domain, own := strings.ToLower(domain), strings.ToLower(k.Domain)
	return domain == own || strings.HasSuffix(domain, "."+own)
}

func (k dkimKey) sign(at time.Time, fields []field, bodyHash [sha256.Size]byte) ([]byte, error) {
	names, signed := pick(fields)
	mine := fmt.Sprintf("DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n\ts=%s; t=%d;\r\n\th=%s;\r\n\tbh=%s;\r\n\tb=",
		k.algorithm, k.Domain, k.Selector, at.Unix(), fold(strings.Join(names, ":"), ":"), base64.StdEncoding.EncodeToString(bodyHash[:]))
	digest := sha256.Sum256([]byte(signed + strings.TrimSuffix(relaxed(mine), "\r\n")))
	signature, err := k.signer.Sign(rand.Reader, digest[:], k.hash)
	if err != nil {
		return nil, err
	}
	return []byte(mine + fold(base64.StdEncoding.EncodeToString(signature), "") + "\r\n"), nil
}
