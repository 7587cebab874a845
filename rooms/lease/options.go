package lease

import (
	"errors"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Options say who this node is and how fast leases move.
type Options struct {
	// TTL is how long a lease outlives the last sign of life of its holder; all nodes alike. 1.5s
	// by default. A shorter one moves faster; a longer one endures longer stalls of disk and network. A holder whose signs of
	// life are stored later than he waits for asks for more, up to a minute, for as long as that is so.
	TTL time.Duration `yaml:"ttl"`

	// Node is this node's name, which no other has.
	Node string `yaml:"-"`
	// Metrics takes crier_lease_held{name}, 1 while this node holds the lease; nil: kept to ourselves.
	Metrics *metrics.Set `yaml:"-"`
	// Log receives which leases come and go, and why; nil discards it.
	Log *slog.Logger `yaml:"-"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	if o.TTL == 0 {
		o.TTL = 1500 * time.Millisecond
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	if ttl := o.WithDefaults().TTL; ttl < time.Second || ttl > maxTTL {
		return []error{errors.New("ttl: from 1s to 1m")}
	}
	return nil
}

// maxTTL is the longest TTL.
const maxTTL = time.Minute

// term is how long work may go on after the last sign of life; the next is given when half of it is over.
func (o Options) term() time.Duration { return o.TTL * 2 / 3 }

// look is the time between two looks at a lease of somebody else, and how long one answer is waited for.
func (o Options) look() time.Duration { return o.TTL / 6 }

// retry is the time between two attempts when the log does not answer.
func (o Options) retry() time.Duration { return o.TTL / 60 }
