package broker

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/govcrier/crier/api/servercert"
)

// NATSOptions say where NATS clients of others are let in. Who they are and what they may do is
// not configured: see Gatekeeper.
type NATSOptions struct {
	// Listen is where NATS clients connect, host:port; empty: nowhere. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// WebSocket is where they connect by WebSocket, host:port; empty: nowhere.
	WebSocket string `yaml:"webSocket"`
	// Origins are the web sites whose pages may connect by WebSocket, such as
	// https://app.example.org; empty: clients that are no web pages, and pages of any site.
	Origins []string `yaml:"origins"`
	// TLS is the certificate that clients see.
	TLS servercert.Files `yaml:"tls"`
	// AllowMissingSNI accepts a handshake that names no server (RFC 6066 §3), as one to an IP address does.
	AllowMissingSNI bool `yaml:"allowMissingSni"`
	// Insecure leaves out TLS, for development.
	Insecure bool `yaml:"insecure"`
	// MaxConnections is how many clients may be connected at once; 20,000 by default.
	MaxConnections int `yaml:"maxConnections"`
	// MaxSubscriptions is how many subscriptions a client may have; 1,000 by default.
	MaxSubscriptions int `yaml:"maxSubscriptions"`
	// MaxPending is how many bytes may wait for a client that does not read, before it is
	// disconnected; 16 MiB by default.
	MaxPending int `yaml:"maxPending"`
}

func (o NATSOptions) withDefaults() NATSOptions {
	if o.MaxConnections == 0 {
		o.MaxConnections = 20_000
	}
	if o.MaxSubscriptions == 0 {
		o.MaxSubscriptions = 1_000
	}
	if o.MaxPending == 0 {
		o.MaxPending = 16 << 20
	}
	return o
}

// open says whether anybody is let in.
func (o NATSOptions) open() bool { return o.Listen != "" || o.WebSocket != "" }

func (o NATSOptions) check() []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	_, _, errListen := hostPort(o.Listen)
	_, _, errSocket := hostPort(o.WebSocket)
	bad(o.Listen != "" && errListen != nil, "nats.listen: of the form host:port, or :port for every address")
	bad(o.WebSocket != "" && errSocket != nil, "nats.webSocket: of the form host:port, or :port for every address")
	given := o.TLS.CertFile != "" && o.TLS.KeyFile != ""
	bad(o.open() && !o.Insecure && !given, "nats.tls: certFile and keyFile are needed (insecure: true is for development)")
	bad(o.MaxConnections < 1, "nats.maxConnections: at least 1")
	bad(o.MaxSubscriptions < 1, "nats.maxSubscriptions: at least 1")
	bad(o.MaxPending < 1<<20, "nats.maxPending: at least 1 MiB")
	return faults
}

// hostPort reads an address to listen on as the server wants it: -1 for any free port.
func hostPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("broker: %w", err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("broker: %w", err)
	}
	if n == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(n), nil
}
