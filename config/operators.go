package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/watch"
)

// Operators say in which room crier tells its operators what needs a person, and from when on something does.
type Operators struct {
	Room          string   `yaml:"room"` // empty: nobody is told
	Except        []string `yaml:"except"`
	watch.Options `yaml:",inline"`

	Drained     time.Duration `yaml:"drained"`
	DiskFree    int64         `yaml:"diskFree"`
	Filled      int           `yaml:"filled"`
	FailedShare int           `yaml:"failedShare"`
	FailedLeast int           `yaml:"failedLeast"`
	Held        int           `yaml:"held"`
	Unmatched   int           `yaml:"unmatched"`
	Certificate time.Duration `yaml:"certificate"`
}

// The kinds of conditions that operators are told of.
const (
	OfProvider    = "provider"
	OfDrained     = "drained"
	OfNode        = "node"
	OfDisk        = "disk"
	OfQueue       = "queue"
	OfParked      = "parked"
	OfFailed      = "failed"
	OfHeld        = "held"
	OfUnmatched   = "unmatched"
	OfCertificate = "certificate"
	OfIssuer      = "issuer"
)

func operatorKinds() []string {
	return []string{OfProvider, OfDrained, OfNode, OfDisk, OfQueue, OfParked, OfFailed, OfHeld, OfUnmatched, OfCertificate, OfIssuer}
}

// WithDefaults fills in what was left at its zero value.
func (o Operators) WithDefaults() Operators {
	o.Options = o.Options.WithDefaults()
	o.Drained = cmp.Or(o.Drained, time.Hour)
	o.DiskFree = cmp.Or(o.DiskFree, 1<<30)
	o.Filled = cmp.Or(o.Filled, 80)
	o.FailedShare, o.FailedLeast = cmp.Or(o.FailedShare, 50), cmp.Or(o.FailedLeast, 20)
	o.Held, o.Unmatched = cmp.Or(o.Held, 1), cmp.Or(o.Unmatched, 1)
	o.Certificate = cmp.Or(o.Certificate, 14*24*time.Hour)
	return o
}

// Check names every fault.
func (o Operators) Check() []error {
	o = o.WithDefaults()
	faults := o.Options.Check()
	bad := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, errors.New(what))
		}
	}
	if o.Room != "" {
		_, err := rooms.ParseRoom(o.Room)
		bad(err != nil, "room: the name of a room")
	}
	for _, kind := range o.Except {
		bad(!slices.Contains(operatorKinds(), kind), "except: of "+strings.Join(operatorKinds(), ", "))
	}
	bad(o.Filled < 1 || o.Filled > 100, "filled: percent, from 1 to 100")
	bad(o.FailedShare < 1 || o.FailedShare > 100, "failedShare: percent, from 1 to 100")
	bad(o.Drained < 0 || o.DiskFree < 0 || o.FailedLeast < 0 || o.Held < 0 || o.Unmatched < 0 || o.Certificate < 0, "drained, diskFree, failedLeast, held, unmatched and certificate: not negative")
	return faults
}
