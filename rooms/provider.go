package rooms

import (
	"errors"
	"time"
)

// ProviderState says how a provider of a channel is used.
type ProviderState string

// The states of a provider.
const (
	ProviderRunning ProviderState = "running" // crier moves its factor
	ProviderPinned  ProviderState = "pinned"  // its factor stays as a person has set it
	ProviderDrained ProviderState = "drained" // nothing new goes there; what is in hand ends
)

// FullFactor is that of a provider of which nothing was said, and MaxFactor the largest that can be pinned.
const (
	FullFactor = 100
	MaxFactor  = 1000
)

// keptChanges is how many changes of a provider are remembered.
const keptChanges = 20

// ProviderUse is how a provider is used, on all nodes, with what has led to that.
type ProviderUse struct {
	Channel Channel `json:"-"` // stands in the key
	Name    string  `json:"-"` // likewise
	ProviderChange
	Changes []ProviderChange `json:"changes,omitzero"` // those before, the latest first
	Entry   uint64           `json:"-"`                // of the KV; 0 if nothing was said yet
}

// ProviderChange is one decision about a provider.
type ProviderChange struct {
	State  ProviderState `json:"state"`
	Factor int           `json:"factor"` // percent of the weight that configuration or policy give it
	By     Client        `json:"by,omitzero"`
	Reason string        `json:"reason,omitzero"` // words and numbers of crier's own
	At     time.Time     `json:"at,omitzero"`
}

// UnmovedProvider is how a provider is used of which nothing was said.
func UnmovedProvider(c Channel, name string) ProviderUse {
	return ProviderUse{Channel: c, Name: name, ProviderChange: ProviderChange{State: ProviderRunning, Factor: FullFactor}}
}

// ErrProviderUse says that a provider cannot be used like that.
var ErrProviderUse = errors.New("state: running, pinned or drained; factor: 0 to 1000, and at most 100 but for pinned")

// Check says whether a provider can be used like that.
func (c ProviderChange) Check() error {
	switch c.State {
	case ProviderPinned:
		if c.Factor >= 0 && c.Factor <= MaxFactor {
			return nil
		}
	case ProviderRunning, ProviderDrained:
		if c.Factor >= 0 && c.Factor <= FullFactor {
			return nil
		}
	}
	return ErrProviderUse
}

// With is the use after a change; what was before is remembered, up to a number of changes.
func (u ProviderUse) With(c ProviderChange) ProviderUse {
	if u.Entry > 0 {
		u.Changes = append([]ProviderChange{u.ProviderChange}, u.Changes...)
		u.Changes = u.Changes[:min(len(u.Changes), keptChanges)]
	}
	u.ProviderChange = c
	return u
}

// NodeReport is a sign of life of a node, with how the providers have answered it.
type NodeReport struct {
	Node      string           `json:"-"` // stands in the key
	Providers []ProviderReport `json:"providers"`
	Entry     uint64           `json:"-"`
}

// ProviderReport is how a provider has answered a node since its use was changed last, but for what is longer ago than the
// window in which nodes count.
type ProviderReport struct {
	Channel Channel `json:"channel"`
	Name    string  `json:"name"`
	Use     uint64  `json:"use"`             // the entry of the use under which it was counted
	Calls   int     `json:"calls"`           // that it has answered, or failed to
	Failed  int     `json:"failed,omitzero"` // of them: not now, no connection, no answer
	Slow    int     `json:"slow,omitzero"`   // of them
	Open    bool    `json:"open,omitzero"`   // the node takes it for dead
	Quiet   int     `json:"quiet"`           // seconds since the latest that was failed or slow
}
