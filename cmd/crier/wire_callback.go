package main

import (
	"context"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/channels/callback"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/lease"
)

// startCallbacks starts what tells senders how their messages stand.
func (a *App) startCallbacks(ctx context.Context, c *crew, s *store, k *knowledge, leases *lease.Leases) error {
	queue, err := s.log.Callbacks(ctx)
	if err != nil {
		return err
	}
	log := a.log.With("part", "callbacks")
	collector := callback.Collector{Log: s.log, Queue: s.log, Index: k.index, Vault: s.vault, Logger: log}
	c.run("callbacks", func(ctx context.Context) error {
		return leases.Hold(ctx, "callbacks", func(ctx context.Context, _ uint64, _ func() bool) error { return collector.Run(ctx) })
	})
	caller := &callback.Caller{
		Source: queue, Clients: k.callbacks, Index: k.index, Vault: s.vault, Calls: k.calls, Answer: statusJSON,
		Policy: a.config.Policy.Rules(), Metrics: a.metrics, Logger: log, Now: s.broker.Now, AckWait: s.log.AckWait(),
	}
	c.run("caller", caller.Run)
	warner := &callback.Warner{Clients: k.callbacks, Calls: k.calls, Logger: log, Now: s.broker.Now}
	c.run("warner", func(ctx context.Context) error { return warner.Run(ctx, k.warnings) })
	return nil
}

// statusJSON is what the API says of a message.
func statusJSON(m index.Summary) ([]byte, error) { return json.Marshal(api.MessageOf(m)) }
