package config

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms/vault"
)

// CheckFiles opens every file that a complete configuration names, as the start does, and names what is wrong, each with the
// path of its key. It calls nobody: what a key service has encrypted is not opened.
func (c Config) CheckFiles() []error {
	s := &files{config: c}
	if c.Broker.Role == broker.Witness {
		own, _ := root(&c).child("broker")
		s.section(own)
		return s.faults
	}
	s.section(root(&c))
	for i, one := range append([]SMSCentre{c.Providers.SMS.SMSCentre}, c.Providers.SMS.More...) {
		at := "providers.sms.passwordFile"
		if i > 0 {
			at = fmt.Sprintf("providers.sms.more[%d].passwordFile", i-1)
		}
		if one.Kind == KindSMPP {
			s.note(at, one.CheckPassword())
		}
	}
	return s.faults
}

// files looks at those that a configuration names.
type files struct {
	config Config
	faults []error
	named  []string // paths of keys with a fault
}

// note keeps the first fault of a key.
func (s *files) note(at string, err error) {
	if err != nil && !slices.Contains(s.named, at) {
		s.named = append(s.named, at)
		s.faults = append(s.faults, fmt.Errorf("%s: %w", at, err))
	}
}

// section looks at the files of a section and of what is below it.
func (s *files) section(k key) {
	for _, child := range k.below() {
		switch name, isText := child.value.Interface().(string); {
		case child.section():
			s.section(child)
		case child.list():
			for i := range child.value.Len() {
				s.section(key{fmt.Sprintf("%s[%d]", child.path, i), child.value.Index(i)})
			}
		case isText && name != "" && strings.HasSuffix(child.path, "File"):
			s.note(child.path, s.look(k, child.path, name))
		}
	}
}

// look says what is wrong with a file.
func (s *files) look(section key, at, name string) error {
	switch option := strings.TrimPrefix(path.Ext(at), "."); {
	case option == "caFile":
		return authorities(name)
	case option == "certFile" && !(at == "broker.nats.tls.certFile" && s.config.Broker.NATS.TLS == s.config.API.TLS.Files):
		return pair(name, section)
	case option == "certFile", option == "keyFile" && section.has("certFile"): // looked at with the other one
		return nil
	case option == "certificateFile":
		_, err := os.ReadFile(name)
		return err
	case at == "broker.keyFile":
		return s.config.Broker.CheckKeyFile()
	case at == "vault.keysFile" && !s.config.Vault.Transit.Used():
		_, err := vault.Open(context.Background(), s.config.Vault)
		return err
	}
	return credential.Check(name)
}

func authorities(name string) error {
	text, err := os.ReadFile(name)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
		err = fmt.Errorf("%s holds no certificate in PEM form", name)
	}
	return err
}

// pair says whether the private key beside a certificate is that of the certificate.
func pair(certificate string, section key) error {
	private, ok := section.child("keyFile")
	if !ok || private.value.String() == "" {
		return errors.New("keyFile is missing")
	}
	_, err := tls.LoadX509KeyPair(certificate, private.value.String())
	return err
}

func (k key) has(name string) bool { _, ok := k.child(name); return ok }
