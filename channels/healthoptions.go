package channels

import (
	"cmp"
	"fmt"
	"time"
)

// HealthOptions say when a node takes a provider for dead. The zero value works.
type HealthOptions struct {
	// Failures is after how many calls in a row without connection or answer a provider is given no more. Default 5.
	Failures int `yaml:"failures"`
	// Stuck is for how long a provider of several may be silent while as many calls wait for it. Default 3s.
	Stuck time.Duration `yaml:"stuck"`
	// Probe is the time between two deliveries that find out whether a dead provider lives. Default 2s.
	Probe time.Duration `yaml:"probe"`
	// Slow is from where on an answer counts as slow. Default 5s.
	Slow time.Duration `yaml:"slow"`
	// Report is the time between two reports of a node to the others, each three of which are the time after which it is
	// taken for gone. Default 1s.
	Report time.Duration `yaml:"report"`
}

// WithDefaults fills in what was left at its zero value.
func (o HealthOptions) WithDefaults() HealthOptions {
	o.Failures = cmp.Or(o.Failures, 5)
	o.Stuck = cmp.Or(o.Stuck, 3*time.Second)
	o.Probe = cmp.Or(o.Probe, 2*time.Second)
	o.Slow = cmp.Or(o.Slow, 5*time.Second)
	o.Report = cmp.Or(o.Report, time.Second)
	return o
}

// gone is the time after which a node that has not reported is taken for gone.
func (o HealthOptions) gone() time.Duration { return 3 * o.Report }

// BalanceOptions say how the weights of a channel's providers are moved. The zero value works.
type BalanceOptions struct {
	// Every is the time between two steps. Default 10s.
	Every time.Duration `yaml:"every"`
	// Calls is how many there must have been since the step before. Default 10.
	Calls int `yaml:"calls"`
	// Failed is from how many failures in a hundred calls on a factor goes down. Default 10.
	Failed int `yaml:"failed"`
	// Slow is the same of slow answers, unless all providers are slow. Default 50.
	Slow int `yaml:"slow"`
	// Down is what is left of a factor by a step down, in percent. Default 50.
	Down int `yaml:"down"`
	// Up is by how much a factor rises in a step, in percent of the whole weight. Default 10.
	Up int `yaml:"up"`
	// Floor is the least that a factor falls to, in percent: it keeps a trickle by which it is seen that all is well again.
	// Default 5.
	Floor int `yaml:"floor"`
	// Quiet is how long nothing must have been wrong before a factor rises. Default 2m.
	Quiet time.Duration `yaml:"quiet"`
}

// WithDefaults fills in what was left at its zero value.
func (o BalanceOptions) WithDefaults() BalanceOptions {
	o.Every = cmp.Or(o.Every, 10*time.Second)
	o.Calls = cmp.Or(o.Calls, 10)
	o.Failed = cmp.Or(o.Failed, 10)
	o.Slow = cmp.Or(o.Slow, 50)
	o.Down = cmp.Or(o.Down, 50)
	o.Up = cmp.Or(o.Up, 10)
	o.Floor = cmp.Or(o.Floor, 5)
	o.Quiet = cmp.Or(o.Quiet, 2*time.Minute)
	return o
}

// checkProviders names every fault of what concerns several providers.
func (o Options) checkProviders() []error {
	var faults []error
	for _, f := range []struct {
		name        string
		value, most int64
	}{
		{"health.failures", int64(o.Health.Failures), 0},
		{"health.stuck", int64(o.Health.Stuck), 0},
		{"health.probe", int64(o.Health.Probe), int64(maxShort)},
		{"health.slow", int64(o.Health.Slow), 0},
		{"health.report", int64(o.Health.Report), int64(maxShort)},
		{"weights.every", int64(o.Weights.Every), 0},
		{"weights.calls", int64(o.Weights.Calls), 0},
		{"weights.failed", int64(o.Weights.Failed), 100},
		{"weights.slow", int64(o.Weights.Slow), 100},
		{"weights.down", int64(o.Weights.Down), 100},
		{"weights.up", int64(o.Weights.Up), 100},
		{"weights.floor", int64(o.Weights.Floor), 100},
		{"weights.quiet", int64(o.Weights.Quiet), 0},
	} {
		switch {
		case f.value < 0:
			faults = append(faults, fmt.Errorf("channels: %s must not be negative", f.name))
		case f.most > 100 && f.value > f.most:
			faults = append(faults, fmt.Errorf("channels: %s must not exceed a minute", f.name))
		case f.most > 0 && f.value > f.most:
			faults = append(faults, fmt.Errorf("channels: %s must not exceed %d percent", f.name, f.most))
		}
	}
	return faults
}
