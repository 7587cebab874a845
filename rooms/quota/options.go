package quota

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Options are the quotas of clients over all rooms. The zero value has none.
type Options struct {
	Limit `yaml:",inline"`
	// Clients have other quotas than the rest.
	Clients map[string]Limit `yaml:"clients"`
	// MaxLag is how far behind the log a node may count. Default 5s.
	MaxLag time.Duration `yaml:"maxLag"`
}

// Limit is how many messages are accepted; 0: any number.
type Limit struct {
	PerMinute int `yaml:"perMinute"`
	PerDay    int `yaml:"perDay"`
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	if o.MaxLag == 0 {
		o.MaxLag = 5 * time.Second
	}
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	var faults []error
	for _, l := range append(slices.Collect(maps.Values(o.Clients)), o.Limit) {
		if l.PerMinute < 0 || l.PerDay < 0 {
			faults = append(faults, errors.New("perMinute and perDay are not below zero"))
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Clients)) {
		if _, err := rooms.ParseClient(name); err != nil {
			faults = append(faults, errors.New("clients: the name of a client has 1 to 128 printable ASCII characters without space"))
		}
	}
	if o.MaxLag < 0 {
		faults = append(faults, errors.New("maxLag is positive"))
	}
	return faults
}

// of gives the quota of a client over all rooms.
func (o Options) of(c rooms.Client) rooms.Quota {
	l, ok := o.Clients[string(c)]
	if !ok {
		l = o.Limit
	}
	return rooms.Quota(l)
}
