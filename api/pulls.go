package api

import (
	"cmp"
	"errors"

	v1 "github.com/govcrier/crier/api/v1"
)

// PullOptions are the limits of pulls that wait. Those that do not wait are not counted.
type PullOptions struct {
	// PerClient is the most pulls of a client that wait on this node. Default 100.
	PerClient int `yaml:"perClient"`
	// PerNode is the most pulls that wait on this node. Default 10,000.
	PerNode int `yaml:"perNode"`
}

func (o PullOptions) withDefaults() PullOptions {
	o.PerClient = cmp.Or(o.PerClient, 100)
	o.PerNode = cmp.Or(o.PerNode, 10_000)
	return o
}

func (o PullOptions) check() []error {
	if o.PerClient < 1 || o.PerNode < 1 {
		return []error{errors.New("pulls.perClient and pulls.perNode are at least 1")}
	}
	return nil
}

func newPulls(o PullOptions) places {
	return newPlaces(o.PerClient, o.PerNode, v1.ProblemCodeTooManyPulls, v1.ProblemCodePullsFull)
}
