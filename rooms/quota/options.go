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
	// Emergency is the same of emergencies, which do not count in the others. The zero value: what the client may send else, and
	// not less than a few.
	Emergency Limit `yaml:"emergency"`
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
	for _, l := range append(slices.Collect(maps.Values(o.Clients)), o.Limit, o.Emergency) {
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

// emergencies gives the quota of a client's emergencies over all rooms.
func (o Options) emergencies(c rooms.Client) rooms.Quota {
	return urgent(rooms.Quota(o.Emergency), o.of(c))
}

// emergencies gives the quota of a publisher's emergencies in a room.
func emergencies(rules rooms.PolicyRules) rooms.Quota {
	return urgent(rules.Lanes[rooms.Emergency], rules.Quota)
}

// How many emergencies may be sent at least where nothing is said of them, however little else may be.
const (
	leastPerMinute = 10
	leastPerDay    = 100
)

// urgent is the quota that is said of emergencies; if none is, that of all else, and not less than a few.
func urgent(said, others rooms.Quota) rooms.Quota {
	if said != (rooms.Quota{}) {
		return said
	}
	if others.PerMinute > 0 {
		others.PerMinute = max(others.PerMinute, leastPerMinute)
	}
	if others.PerDay > 0 {
		others.PerDay = max(others.PerDay, leastPerDay)
	}
	return others
}
