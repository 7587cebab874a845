package api

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/govcrier/crier/api/servercert"
)

// TLSOptions say which certificate the server shows.
type TLSOptions struct {
	servercert.Files `yaml:",inline"`
	// AllowMissingSNI accepts a handshake that names no server (RFC 6066 §3), as one to an IP address does.
	AllowMissingSNI bool `yaml:"allowMissingSni"`
}

var errNoServerName = errors.New("handshake without server name refused")

// tlsConfig is what a server needs: TLS 1.2 or later.
func (s *Server) tlsConfig() (*tls.Config, error) {
	certificate, err := servercert.Open(s.options.TLS.Files, s.log, s.now)
	if err != nil {
		return nil, err
	}
	get := func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if hello.ServerName == "" && !s.options.TLS.AllowMissingSNI {
			return nil, errNoServerName
		}
		return certificate.Get(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}
	return config, s.askForCertificates(config)
}

// askForCertificates has clients of the information mediator show a certificate, if they have one of the operator's authorities.
func (s *Server) askForCertificates(config *tls.Config) error {
	file := s.options.Mediator.ClientCA
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("api: mediator.clientCA: %w", err)
	}
	config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return errors.New("api: mediator.clientCA holds no certificate in PEM")
	}
	return nil
}
