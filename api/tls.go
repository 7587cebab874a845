package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// TLSOptions say which certificate the server shows.
type TLSOptions struct {
	// CertFile holds the certificate and its chain, PEM. It is read again when it changes.
	CertFile string `yaml:"certFile"`
	// KeyFile holds the private key, PEM.
	KeyFile string `yaml:"keyFile"`
	// AllowMissingSNI accepts a handshake that names no server (RFC 6066 §3), as one to an IP address does.
	AllowMissingSNI bool `yaml:"allowMissingSni"`
}

var errNoServerName = errors.New("handshake without server name refused")

// certificates holds the certificate as its files have it, looked at once a second at most.
type certificates struct {
	options TLSOptions
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   string
	looked  time.Time
}

// newCertificates reads the files; later faults in them leave the last good certificate in use.
func newCertificates(o TLSOptions, log *slog.Logger, now func() time.Time) (*certificates, error) {
	c := &certificates{options: o, log: log, now: now}
	return c, c.load(c.look())
}

// config is what a server needs: TLS 1.2 or later.
func (c *certificates) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}

func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" && !c.options.AllowMissingSNI {
		return nil, errNoServerName
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= time.Second {
		c.looked = now
		c.refresh()
	}
	return c.current, nil
}

func (c *certificates) refresh() {
	stamp := c.look()
	if stamp == c.stamp {
		return
	}
	if err := c.load(stamp); err != nil {
		c.log.Error("certificate not read again, the last one stays in use", "error", err)
		return
	}
	c.log.Info("certificate read again", "file", c.options.CertFile)
}

func (c *certificates) load(stamp string) error {
	pair, err := tls.LoadX509KeyPair(c.options.CertFile, c.options.KeyFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	c.current, c.stamp = &pair, stamp
	return nil
}

// look tells one state of the files from another.
func (c *certificates) look() string {
	return stampOf(c.options.CertFile) + " " + stampOf(c.options.KeyFile)
}

func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return "missing"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
