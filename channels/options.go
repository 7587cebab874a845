package channels

import (
	"cmp"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Options say how the bridge works. The zero value works.
type Options struct {
	// Workers is how many deliveries of a lane are in hand at once, for each channel.
	Workers Workers `yaml:"workers"`
	// SendTimeout bounds one call of a provider. Default 60s.
	SendTimeout time.Duration `yaml:"sendTimeout"`
	// DrainTimeout is how long a stopping bridge waits for the deliveries in hand before it
	// cancels them. Default 20s.
	DrainTimeout time.Duration `yaml:"drainTimeout"`
	// MaxWaiting is how many jobs of a lane and channel may be handed back to the queue for a
	// short wait (up to a minute) before nothing more is pulled. Default 10000.
	MaxWaiting int `yaml:"maxWaiting"`
	// CacheBytes bounds the contents of messages kept in memory. Default 64 MiB.
	CacheBytes int `yaml:"cacheBytes"`
	// ReapEvery is the time between two searches for jobs past their deadline. Default 1m.
	ReapEvery time.Duration `yaml:"reapEvery"`
	// ReapLimit is how many jobs of a lane one search looks at; the next one goes on from
	// there. Default 10000.
	ReapLimit int `yaml:"reapLimit"`
	// Health says when a provider is taken for dead, and Weights how those of several are moved.
	Health  HealthOptions  `yaml:"health"`
	Weights BalanceOptions `yaml:"weights"`
}

// Workers are numbers of deliveries in hand at once. Default 64 each.
type Workers struct {
	Emergency int `yaml:"emergency"`
	Normal    int `yaml:"normal"`
	Bulk      int `yaml:"bulk"`
}

func (w Workers) of(l rooms.Lane) int {
	switch l {
	case rooms.Emergency:
		return w.Emergency
	case rooms.Bulk:
		return w.Bulk
	}
	return w.Normal
}

func (w Workers) all() int { return w.Emergency + w.Normal + w.Bulk }

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	o.Workers.Emergency = cmp.Or(o.Workers.Emergency, 64)
	o.Workers.Normal = cmp.Or(o.Workers.Normal, 64)
	o.Workers.Bulk = cmp.Or(o.Workers.Bulk, 64)
	o.SendTimeout = cmp.Or(o.SendTimeout, time.Minute)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 20*time.Second)
	o.MaxWaiting = cmp.Or(o.MaxWaiting, 10_000)
	o.CacheBytes = cmp.Or(o.CacheBytes, 64<<20)
	o.ReapEvery = cmp.Or(o.ReapEvery, time.Minute)
	o.ReapLimit = cmp.Or(o.ReapLimit, 10_000)
	o.Health, o.Weights = o.Health.WithDefaults(), o.Weights.WithDefaults()
	return o
}

// Check names every fault of the options.
func (o Options) Check() []error {
	faults := o.checkProviders()
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"workers.emergency", int64(o.Workers.Emergency)},
		{"workers.normal", int64(o.Workers.Normal)},
		{"workers.bulk", int64(o.Workers.Bulk)},
		{"sendTimeout", int64(o.SendTimeout)},
		{"drainTimeout", int64(o.DrainTimeout)},
		{"maxWaiting", int64(o.MaxWaiting)},
		{"cacheBytes", int64(o.CacheBytes)},
		{"reapEvery", int64(o.ReapEvery)},
		{"reapLimit", int64(o.ReapLimit)},
	} {
		if f.value < 0 {
			faults = append(faults, fmt.Errorf("channels: %s must not be negative", f.name))
		}
	}
	return faults
}
