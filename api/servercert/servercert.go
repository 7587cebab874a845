// Package servercert reads the certificate that a server shows from files.
//
// It promises that a certificate which is renewed is shown within a second, and that one which
// cannot be read leaves the last good one in use. It says nothing about who trusts it.
package servercert

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of a certificate.
type Files struct {
	// CertFile holds the certificate and its chain. It is read again when it changes.
	CertFile string `yaml:"certFile"`
	// KeyFile holds the private key.
	KeyFile string `yaml:"keyFile"`
}

// Certificate is a certificate as its files have it, looked at once a second at most.
type Certificate struct {
	files Files
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	stamp   string
	looked  time.Time
}

// Open reads the files; later faults in them are logged.
func Open(f Files, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{files: f, log: log, now: now}
	return c, c.load(c.look())
}

// Get gives the certificate.
func (c *Certificate) Get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= time.Second {
		c.looked = now
		c.refresh()
	}
	return c.current
}

func (c *Certificate) refresh() {
	stamp := c.look()
	if stamp == c.stamp {
		return
	}
	if err := c.load(stamp); err != nil {
		c.log.Error("certificate not read again, the last one stays in use", "error", err)
		return
	}
	c.log.Info("certificate read again", "file", c.files.CertFile)
}

func (c *Certificate) load(stamp string) error {
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return fmt.Errorf("servercert: %w", err)
	}
	c.current, c.stamp = &pair, stamp
	return nil
}

// look tells one state of the files from another.
func (c *Certificate) look() string {
	return stampOf(c.files.CertFile) + " " + stampOf(c.files.KeyFile)
}

func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return "missing"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}
