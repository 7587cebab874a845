package consumers

import (
	"cmp"
	"errors"
)

// Options are the quotas. Where there are several nodes each consumer is a RAFT group of its own.
type Options struct {
	// PerRoom is the most consumers of a room, 200 by default.
	PerRoom int `yaml:"perRoom"`
	// PerClient is the most consumers of a client in a room, 20 by default.
	PerClient int `yaml:"perClient"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	o.PerRoom = cmp.Or(o.PerRoom, 200)
	o.PerClient = cmp.Or(o.PerClient, 20)
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	if o.PerRoom < 1 || o.PerRoom > 1000 {
		faults = append(faults, errors.New("perRoom: from 1 to 1000"))
	}
	if o.PerClient < 1 || o.PerClient > o.PerRoom {
		faults = append(faults, errors.New("perClient: from 1 to perRoom"))
	}
	return faults
}
