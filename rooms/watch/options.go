package watch

import (
	"cmp"
	"errors"
	"time"
)

// Options say how often is looked, and what is said when. The zero value works.
type Options struct {
	// Every is the time between two looks. Default 10s.
	Every time.Duration `yaml:"every"`
	// After is for how long a condition holds before it is said, and is gone before that is said. Default 1m.
	After time.Duration `yaml:"after"`
	// Again is the stretch of time in which one condition is said once. Default 1h.
	Again time.Duration `yaml:"again"`
}

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	o.Every = cmp.Or(o.Every, 10*time.Second)
	o.After = cmp.Or(o.After, time.Minute)
	o.Again = cmp.Or(o.Again, time.Hour)
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	if o.Every < time.Second {
		faults = append(faults, errors.New("every: at least 1s"))
	}
	if o.After < 0 {
		faults = append(faults, errors.New("after: not negative"))
	}
	if o.Again < time.Minute {
		faults = append(faults, errors.New("again: at least 1m"))
	}
	return faults
}
