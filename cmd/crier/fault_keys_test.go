package main

import (
	"os"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// configure changes a key of a node's broker, for its next start; nil takes it out.
func (o *ordeal) configure(n *fleet.Node, key string, value any) {
	o.t.Helper()
	file, err := os.ReadFile(n.Config())
	o.must(err)
	var all map[string]any
	o.must(json.Unmarshal(file, &all))
	broker := all["broker"].(map[string]any)
	broker[key] = value
	if value == nil {
		delete(broker, key)
	}
	file, err = json.Marshal(all)
	o.must(err)
	o.must(os.WriteFile(n.Config(), file, 0o600))
}

var _ = testing.Short
