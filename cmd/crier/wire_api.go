package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/edge"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/publish/rules"
)

// maxHeaders is what the headers of an entry may take of the most that NATS carries.
const maxHeaders = 64 << 10

// newServer makes the API, over HTTP and NATS, which a door of their own leads to.
func (a *App) newServer(ctx context.Context, c *crew, s *store, k *knowledge) (*api.Server, *edge.Gatekeeper, error) {
	tokens := a.config.OIDC
	if tokens.Now == nil {
		tokens.Now = s.broker.Now
	}
	verifier, err := oidc.New(ctx, tokens)
	if err != nil {
		return nil, nil, fmt.Errorf("oidc: %w", err)
	}
	if err := verifier.Ready(ctx); err != nil {
		a.log.Warn("the identity provider cannot be read; calls are refused with 503 until it can", "oidc.issuer", tokens.Issuer, "error", err)
	}
	a.verifier.Store(verifier)
	publisher := a.publisher(s, k)
	hear := a.config.Live
	hear.Log = a.log.With("part", "live")
	hub := live.New(s.log, api.RenderEvent, hear)
	c.onStop("live", func() error { hub.Close(); return nil })
	writes := &probe{write: func(ctx context.Context) error { return s.audit.Record(ctx, a.entry("log", "probe")) }}
	durable := consumers.New(s.log, s.vault, a.config.Consumers)
	keeper := &edge.Gatekeeper{Verifier: bearers{verifier}, Rooms: k.rooms, Consumers: durable, Blocked: k.blocked}
	return api.New(a.config.API.Options, api.Deps{
		Verifier: verifier, Publisher: publisher, Transactions: publisher, AlertLog: s.log, Alerts: a.config.Alerts.Options, Drill: a.config.Alerts.Exercise, Rooms: k.rooms, Subscribers: k.subscribers, Webhooks: k.webhooks, Callbacks: k.callbacks,
		Invitations: a.invitations(k, publisher), Links: k.links, Replies: a.shelf(s, k),
		Suppressions: k.suppressions, Silences: k.suppressions, Persons: a.persons(s, k),
		Consumers: durable,
		Messages:  k.index, Desk: a.desk(s, k), Events: s.log, Waiter: k, Live: hub, Audit: a.recorder(c, s.log, "api"),
		Parts:   []api.Part{{Name: "log", Ready: writes.ready}, {Name: "index", Ready: k.Ready}},
		Blocked: k.blocked, Policies: k.policies, Providers: a.config.Providers.Names(), Inlets: a.inlets, PushKey: a.pushKey, Senders: k.senders, APIKeys: k.apiKeys, Quotas: k.quotas, Connections: s.broker,
		Releases: k.release, Providing: a.bridge, Uses: k.uses, Waits: a.config.Release,
		Metrics: a.metrics, Log: a.log.With("part", "api"), Now: s.broker.Now,
	}), keeper, nil
}

// publisher accepts messages; there is one.
func (a *App) publisher(s *store, k *knowledge) *publish.Publisher {
	if k.publisher == nil {
		k.publisher = &publish.Publisher{
			Log: s.log, Memory: k, Vault: s.vault, Verifier: s.vault, Policies: roomRules{k}, Rules: &rules.Rules{Asker: k.calls, Rooms: k.rooms, Drill: a.config.Alerts.Exercise},
			Quotas: k.quotas, Holder: k.release, Limit: int(a.config.Broker.MaxPayload) - maxHeaders,
			Now: s.broker.Now,
		}
	}
	return k.publisher
}

// bearers verifies tokens for those who come in by NATS.
type bearers struct{ verifier *oidc.Verifier }

// Bearer tells who sent a token.
func (b bearers) Bearer(ctx context.Context, token string) (edge.Bearer, error) {
	id, err := b.verifier.Verify(ctx, token)
	if errors.Is(err, oidc.ErrUnavailable) {
		err = errors.Join(broker.ErrLater, err)
	}
	return edge.Bearer{Client: id.Client, Subject: id.Subject, Until: id.Expires}, err
}
