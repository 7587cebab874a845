package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	v1 "github.com/govcrier/crier/api/v1"
)

// keyFlags name the files with what a person's mail is encrypted with.
type keyFlags struct{ smime, openpgp string }

// noKey takes a key away.
const noKey = "none"

func (k *keyFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&k.smime, "smime-certificate", "", "a file with the certificate with which e-mail to the person is encrypted, PEM; none takes it away")
	c.Flags().StringVar(&k.openpgp, "openpgp-key", "", "a file with the OpenPGP public key with which it is encrypted, armored; none takes it away")
}

// into puts the keys into what is said of a person.
func (k *keyFlags) into(p *v1.Person) (err error) {
	if p.SMIMECertificate, err = keyText(k.smime); err != nil {
		return err
	}
	p.OpenPGPKey, err = keyText(k.openpgp)
	return err
}

// keyText is what a file holds, empty for none; nil if no file is named.
func keyText(file string) (*string, error) {
	if file == "" {
		return nil, nil
	}
	if file == noKey {
		return new(string), nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("a key: %w", err)
	}
	text := string(raw)
	return &text, nil
}
