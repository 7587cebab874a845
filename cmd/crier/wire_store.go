package main

import (
	"context"
	"strconv"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// store is what must never be lost: the log, and the keys to read it.
type store struct {
	broker *broker.Server
	log    *stream.Log
	vault  *ring
	audit  *audit.Recorder // of the node's own actions
}

// openStore starts the broker and opens the log and the vault.
func (a *App) openStore(ctx context.Context, c *crew) (*store, error) {
	v, err := openRing(ctx, a.config.Vault, a.log.With("part", "vault"), a.metrics)
	if err != nil {
		return nil, err
	}
	c.run("keys", v.follow)
	server, err := a.startBroker(ctx, c)
	if err != nil {
		return nil, err
	}
	streams := a.config.Log
	streams.Log = a.log.With("part", "log")
	l, err := stream.Open(ctx, server, server.Manifest(), streams)
	if err != nil {
		return nil, err
	}
	c.onStop("log", func() error { l.Close(); return nil })
	inUse := &registry.KeysInUse{Store: l, Gone: a.keysGone}
	if err := inUse.Check(ctx, v.Keys()); err != nil {
		return nil, err
	}
	c.run("keys in use", func(ctx context.Context) error { return v.note(ctx, inUse) })
	s := &store{server, l, v, a.recorder(c, l, "node")}
	a.changes.recordOn(s.audit)
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

// standardPublished keeps in the audit log that this node has published what is configured as a revision of the standard policy.
func (a *App) standardPublished(s *store) func(rooms.PolicyRevision) {
	return func(one rooms.PolicyRevision) {
		e := a.entry("policy", "publish")
		e.IDs = map[string]string{"policy": one.Name, "revision": strconv.Itoa(one.Revision.Revision)}
		s.audit.Note(e)
	}
}
