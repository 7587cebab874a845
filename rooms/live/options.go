package live

import (
	"cmp"
	"errors"
	"log/slog"
	"time"
)

// Options are the limits of what is kept at hand.
type Options struct {
	// Buffer is the most bytes of a room's latest messages at hand; the last one always is. 4 MiB by
	// default.
	Buffer int `yaml:"buffer"`
	// Keep is how long a message is at hand at most, 1 minute by default.
	Keep time.Duration `yaml:"keep"`
	// Readers is how many listeners of this node may read the log at once, 16 by default.
	Readers int `yaml:"readers"`

	// VerifyEvery is the time between two questions to the log whether anything was missed, and
	// whether it still answers; 15 seconds if zero.
	VerifyEvery time.Duration `yaml:"-"`
	// Log receives what goes wrong in the background; nil discards it.
	Log *slog.Logger `yaml:"-"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	o.Buffer = cmp.Or(o.Buffer, 4<<20)
	o.Keep = cmp.Or(o.Keep, time.Minute)
	o.Readers = cmp.Or(o.Readers, 16)
	o.VerifyEvery = cmp.Or(o.VerifyEvery, 15*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	if o.Buffer < 0 {
		faults = append(faults, errors.New("buffer: not negative"))
	}
	if o.Keep < time.Second || o.Keep > 5*time.Minute {
		faults = append(faults, errors.New("keep: from 1s to 5m, since what is erased from the log must not stay here"))
	}
	if o.Readers < 1 {
		faults = append(faults, errors.New("readers: at least 1"))
	}
	return faults
}
