package main

import (
	"context"
	"fmt"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// store is what must never be lost: the log, and the keys to read it.
type store struct {
	broker *broker.Server
	log    *stream.Log
	vault  *vault.Vault
	audit  *audit.Recorder // of the node's own actions
}

// openStore starts the broker and opens the log and the vault.
func (a *App) openStore(ctx context.Context, c *crew) (*store, error) {
	v, err := vault.Open(ctx, a.config.Vault)
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	o := a.config.Broker
	o.Log = a.log.With("part", "broker")
	server, err := broker.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	c.onStop("broker", func() error { server.Stop(); return nil })

	streams := a.config.Log
	streams.Log = a.log.With("part", "log")
	l, err := stream.Open(ctx, server, server.Manifest(), streams)
	if err != nil {
		return nil, err
	}
	c.onStop("log", func() error { l.Close(); return nil })
	s := &store{server, l, v, a.recorder(c, l, "node")}
	c.onStop("last entry", func() error { s.audit.Note(a.entry("node", "stop")); return nil })
	return s, s.audit.Record(ctx, a.entry("node", "start"))
}

// entry says that this node has done something.
func (a *App) entry(destination, action string) audit.Entry {
	return audit.Entry{
		Time: time.Now().UTC(), Source: a.config.Broker.Node, Destination: destination, Status: audit.Success,
		Data: map[string]string{"action": action, "version": version},
	}
}

// recorder writes the audit log of a component.
func (a *App) recorder(c *crew, l audit.Log, component string) *audit.Recorder {
	r := audit.New(l, a.config.Broker.Node, component, a.metrics, a.log)
	c.onStop("audit of "+component, func() error { r.Close(); return nil })
	return r
}
