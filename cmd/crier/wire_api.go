package main

import (
	"context"
	"fmt"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/publish"
)

// newServer makes the API.
func (a *App) newServer(ctx context.Context, c *crew, s *store, k *knowledge) (*api.Server, error) {
	tokens := a.config.OIDC
	if tokens.Now == nil {
		tokens.Now = s.broker.Now
	}
	verifier, err := oidc.New(ctx, tokens)
	if err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	publisher := &publish.Publisher{
		Log: s.log, Memory: k, Vault: s.vault, Verifier: s.vault, Policies: roomRules{a.config.Policy.Rules()},
		Now: s.broker.Now,
	}
	writes := &probe{write: func(ctx context.Context) error { return s.audit.Record(ctx, a.entry("log", "probe")) }}
	return api.New(a.config.API.Options, api.Deps{
		Verifier: verifier, Publisher: publisher, Rooms: k.rooms, Subscribers: k.subscribers,
		Consumers: consumers.New(s.log, s.vault, a.config.Consumers),
		Messages:  k.index, Waiter: k, Audit: a.recorder(c, s.log, "api"),
		Parts:   []api.Part{{Name: "log", Ready: writes.ready}, {Name: "index", Ready: k.Ready}},
		Metrics: a.metrics, Log: a.log.With("part", "api"), Now: s.broker.Now,
	}), nil
}
