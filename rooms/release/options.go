package release

import (
	"errors"
	"time"
)

// Options are the limits of messages that wait.
type Options struct {
	// MaxHeld is how many messages may wait, of all rooms; 100,000 by default.
	MaxHeld uint64 `yaml:"maxHeld"`
	// MaxPerClient is how many messages of one client may wait, of all rooms; 10,000 by default. What other nodes accept counts
	// once this one has read of it.
	MaxPerClient int `yaml:"maxPerClient"`
	// Horizon is how far ahead a message may be sent; 366 days by default.
	Horizon time.Duration `yaml:"horizon"`
	// Least is the time between two messages of a series, at least; 1 minute by default.
	Least time.Duration `yaml:"least"`
	// Sweep is the time between two passes over all that wait; 5 minutes by default.
	Sweep time.Duration `yaml:"sweep"`
	// Again is when a message is looked at again that was paused when its time came, or could not be sent; 10 seconds by
	// default.
	Again time.Duration `yaml:"again"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if o.MaxHeld == 0 {
		o.MaxHeld = 100_000
	}
	if o.MaxPerClient == 0 {
		o.MaxPerClient = 10_000
	}
	set(&o.Horizon, 366*24*time.Hour)
	set(&o.Least, time.Minute)
	set(&o.Sweep, 5*time.Minute)
	set(&o.Again, 10*time.Second)
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(o.MaxPerClient < 1, "maxPerClient: at least 1")
	bad(o.Horizon < time.Minute, "horizon: at least 1m")
	bad(o.Least < time.Minute, "least: at least 1m")
	bad(o.Sweep < time.Second, "sweep: at least 1s")
	bad(o.Again < time.Second, "again: at least 1s")
	return faults
}
