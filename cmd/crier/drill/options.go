package drill

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options say what is done and how it is measured.
type Options struct {
	// Faults are the names of what happens, in turn; see Faults. By default all.
	Faults []string
	// Runs is how often the whole list is gone through. Default 1.
	Runs int
	// Rate is the number of publishes per second of all publishers together. Default 200.
	Rate float64
	// Publishers is how many publish at the same time. Default 32.
	Publishers int
	// Recipients is how many recipients each message names. Default 1.
	Recipients int
	// Hang is how long a node hangs. Default 30s.
	Hang time.Duration
	// Cut is how long a node is cut off. Default 15s.
	Cut time.Duration
	// Down is how long a killed node is away. Default 10s.
	Down time.Duration
	// Before is how long the load runs before each fault. Default 5s.
	Before time.Duration
	// HealWithin is the time that the cluster has to become whole after a fault. Default 5m.
	HealWithin time.Duration
	// Grace is the time after that in which a delivery counts as late and not as lost. Default 90s.
	Grace time.Duration
	// Linger is how long after a fault repeats of deliveries are waited for; more than log.ackWait. Default 35s.
	Linger time.Duration
	// Scale multiplies the election times of RAFT; 0 is the default of the configuration.
	Scale float64
	// Settings are further keys of the nodes' configuration, by path.
	Settings map[string]any
	// Program is the crier to run; the running program by default.
	Program string
	// Evidence is a folder for the lists, and for the logs of the nodes; none are kept without.
	Evidence string
	// Progress is told what happens.
	Progress func(text string)
	// Measured is given each result as soon as it is there.
	Measured func(Result)
}

func (o Options) withDefaults() Options {
	o.Runs = cmp.Or(o.Runs, 1)
	o.Rate = cmp.Or(o.Rate, 200)
	o.Publishers = cmp.Or(o.Publishers, 32)
	o.Recipients = cmp.Or(o.Recipients, 1)
	o.Hang = cmp.Or(o.Hang, 30*time.Second)
	o.Cut = cmp.Or(o.Cut, 15*time.Second)
	o.Down = cmp.Or(o.Down, 10*time.Second)
	o.Before = cmp.Or(o.Before, 5*time.Second)
	o.HealWithin = cmp.Or(o.HealWithin, 5*time.Minute)
	o.Grace = cmp.Or(o.Grace, 90*time.Second)
	o.Linger = cmp.Or(o.Linger, 35*time.Second)
	if len(o.Faults) == 0 {
		o.Faults = Faults()
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Measured == nil {
		o.Measured = func(Result) {}
	}
	return o
}

func (o Options) check() error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New("drill: "+text))
		}
	}
	for _, name := range o.Faults {
		bad(find(name) == nil, fmt.Sprintf("there is no fault %q; there are %s", name, strings.Join(Faults(), ", ")))
	}
	bad(o.Runs < 1, "at least one run")
	bad(o.Rate <= 0, "the rate is above 0")
	bad(o.Publishers < 1, "at least one publisher")
	bad(o.Recipients < 1 || o.Recipients > 100, "from 1 to 100 recipients")
	bad(min(o.Hang, o.Cut, o.Down, o.Before, o.HealWithin, o.Grace, o.Linger) < 0, "no time is below 0")
	return errors.Join(faults...)
}
