package api

import (
	"crypto/tls"
	"errors"

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
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get}, nil
}
