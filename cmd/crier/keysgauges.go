package main

import (
	"fmt"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// keyGauges are the metrics of the keys.
type keyGauges struct {
	set *metrics.Set

	mu    sync.Mutex
	keys  []string
	inUse []string
	left  []string
}

// show sets crier_vault_key{kind,id,primary,enabled} to 1 for each key that the node holds.
func (g *keyGauges) show(keys []vault.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	values := map[string]float64{}
	for _, k := range keys {
		values[fmt.Sprintf(`crier_vault_key{kind=%q,id="%d",primary="%t",enabled="%t"}`, k.Kind, k.ID, k.Primary, k.Enabled)] = 1
	}
	g.keys = g.replace(g.keys, values)
}

// uses sets crier_vault_key_subscribers{id} to the number of subscribers that need a key.
func (g *keyGauges) uses(uses registry.Uses) {
	g.mu.Lock()
	defer g.mu.Unlock()
	values := map[string]float64{}
	for id, n := range uses {
		values[fmt.Sprintf(`crier_vault_key_subscribers{id="%d"}`, id)] = float64(n)
	}
	g.inUse = g.replace(g.inUse, values)
}

// whoLeft sets crier_vault_key_left{id} to the number of those who have left a room and are known so by a key alone.
func (g *keyGauges) whoLeft(uses registry.Uses) {
	g.mu.Lock()
	defer g.mu.Unlock()
	values := map[string]float64{}
	for id, n := range uses {
		values[fmt.Sprintf(`crier_vault_key_left{id="%d"}`, id)] = float64(n)
	}
	g.left = g.replace(g.left, values)
}

// replace puts gauges in the place of others.
func (g *keyGauges) replace(old []string, values map[string]float64) (names []string) {
	for _, name := range old {
		g.set.UnregisterMetric(name)
	}
	for name, value := range values {
		g.set.GetOrCreateGauge(name, nil).Set(value)
		names = append(names, name)
	}
	return names
}
