package outbound

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"time"
)

// AnyPort stands among the ports for all of them.
const AnyPort = 0

// Options say whom a client may call, and how. The zero value calls public addresses on port 443.
type Options struct {
	// Allow opens networks that are not public, such as 10.1.0.0/16; within them plain HTTP will do.
	Allow []string `yaml:"allow"`
	// Ports are those that may be called; 0 stands for all. Default 443.
	Ports []int `yaml:"ports"`
	// CAFile holds certificate authorities to trust instead of the system's, PEM.
	CAFile string `yaml:"caFile"`
	// Timeout bounds one call. Default 10s.
	Timeout time.Duration `yaml:"timeout"`
	// Concurrency is how many calls go to one host at once; others wait. Default 8.
	Concurrency int `yaml:"concurrency"`

	// OneService says that all calls go to one service: who finds its connections busy waits for them, as there is no other host to
	// leave a worker to.
	OneService bool `yaml:"-"`
	// KeepIdle is how many connections to one host are kept for later calls; at least 2.
	KeepIdle int `yaml:"-"`
	// MaxReply is how many bytes of an answer Exchange hands on. Default 64 KiB.
	MaxReply int `yaml:"-"`
	// Resolver is for tests; nil is the system's.
	Resolver *net.Resolver `yaml:"-"`
	// Now is the clock of signatures; nil is time.Now.
	Now func() time.Time `yaml:"-"`
}

var errAllow = errors.New("outbound: allow: networks such as 10.1.0.0/16")

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	if len(o.Ports) == 0 {
		o.Ports = []int{443}
	}
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Concurrency = cmp.Or(o.Concurrency, 8)
	o.MaxReply = cmp.Or(o.MaxReply, maxReply)
	return o
}

// most is how many calls may be under way altogether; 0 for any number.
func (o Options) most() int {
	if o.OneService {
		return o.Concurrency
	}
	return 0
}

// Check names every fault. It reads no file.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	bad := func(wrong bool, err error) {
		if wrong {
			faults = append(faults, err)
		}
	}
	for _, s := range o.Allow {
		_, err := netip.ParsePrefix(s)
		bad(err != nil, errAllow)
	}
	for _, p := range o.Ports {
		bad(p < 0 || p > 65535, errors.New("outbound: ports: from 1 to 65535, or 0 for all"))
	}
	bad(o.Timeout < 0, errors.New("outbound: timeout: longer than 0s"))
	bad(o.Concurrency < 0, errors.New("outbound: concurrency: at least 1"))
	return faults
}
