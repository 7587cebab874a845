package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/fanout"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/retention"
	"github.com/govcrier/crier/rooms/stream"
)

// startDelivery starts all that stands between the room's log and the providers.
func (a *App) startDelivery(ctx context.Context, c *crew, s *store, k *knowledge) error {
	providers, err := a.providers(c, s, k)
	if err != nil {
		return err
	}
	leases, err := a.openLeases(ctx, c, s)
	if err != nil {
		return err
	}
	k.startRelease(c, leases)
	a.startForgetting(c, s, k, leases)
	heard, takeMail, err := a.mailbox(s, k)
	if err != nil {
		return err
	}
	planner := fanout.New(s.log, s.vault, a.recorder(c, s.log, "planner"), leases, a.log.With("part", "planner"))
	planner.Controls = k.controls
	c.run("planner", planner.Run)
	bridge := channels.New(a.config.Bridge, channels.Deps{
		Log: s.log, Members: members{k}, History: k, Policies: k.policies, Vault: s.vault, Providers: providers, Frequencies: frequencies{k},
		Controls: k.controls, Failures: a.startControl(c, s, k, leases),
		Suppressions: suppressions{k.suppressions, k}, Left: k.departures.Has, Leave: k.links.Leave, Token: registry.Tokens{Vault: s.vault}.Sign, Confirmed: k,
		Inbound: a.replyDesk(c, s, k).Take,
		AckWait: a.config.Log.AckWait, Leases: leases, Metrics: a.metrics, Logger: a.log.With("part", "bridge"), Time: s.broker.Now,
		Exercise: a.config.Alerts.Exercise, Uses: k.uses, Reports: a.reports(s), Node: a.config.Broker.Node, Listeners: heard,
	})
	a.bridge = bridge
	c.run("bridge", bridge.Run)
	if takeMail != nil {
		c.run("mailbox", takeMail)
	}
	// What falls due is moved by every node: they share a consumer, a job that is moved twice has the same
	// identity, and further attempts have no order.
	c.run("mover", func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		for _, lane := range rooms.Lanes() {
			group.Go(func() error { return s.log.MoveDue(ctx, lane) })
		}
		return group.Wait()
	})
	if err := a.startCallbacks(ctx, c, s, k, leases); err != nil {
		return err
	}
	a.startOperators(c, s, k, leases)
	mover := registry.Rekeyer{Store: s.log, Ring: s.vault, Rooms: k.rooms, Log: a.log.With("part", "rekey"), Clients: s.log, Policies: s.log, APIKeys: k.apiKeys}
	c.run("rekey", func(ctx context.Context) error {
		return leases.Hold(ctx, "rekey", func(ctx context.Context, _ uint64, _ func() bool) error {
			return s.vault.rekey(ctx, &mover, a.config.Vault.RekeyAfter)
		})
	})
	eraser := retention.Eraser{Log: s.log, Finder: k.index, Rooms: k.rooms, Policies: k.policies, Readers: s.log, Logger: a.log.With("part", "retention"), Now: s.broker.Now}
	c.run("retention", func(ctx context.Context) error {
		return leases.Hold(ctx, "retention", func(ctx context.Context, _ uint64, _ func() bool) error {
			return eraser.Run(ctx, a.config.Retention)
		})
	})
	keeper := consumers.Sweeper{Store: s.log, Rooms: k.rooms, Log: a.log.With("part", "consumers")}
	c.run("consumers", func(ctx context.Context) error {
		return leases.Hold(ctx, "consumers", func(ctx context.Context, _ uint64, _ func() bool) error { return keeper.Run(ctx) })
	})
	return nil
}

// openLeases opens what says which node does that which one node does for all.
func (a *App) openLeases(ctx context.Context, c *crew, s *store) (*lease.Leases, error) {
	kept, err := stream.OpenLeases(ctx, s.broker)
	if err != nil {
		return nil, err
	}
	c.onStop("leases", func() error { kept.Close(); return nil })
	o := a.config.Lease
	o.Node, o.Metrics, o.Log = a.config.Broker.Node, a.metrics, a.log.With("part", "lease")
	return lease.New(kept, o), nil
}

// members asks those who know about people, or about webhooks.
type members struct{ *knowledge }

// Subscribed says whether somebody is in a room, and as what.
func (m members) Subscribed(ctx context.Context, room rooms.Room, id rooms.SubscriberID, c rooms.Contact) (rooms.Contact, bool, error) {
	if c.Channel == rooms.Webhook {
		return m.webhooks.Subscribed(ctx, room, id, c)
	}
	return m.subscribers.Subscribed(ctx, room, id, c)
}

// roomRules are those that messages are accepted under.
type roomRules struct{ *knowledge }

// Policy gives the rules of a room.
func (r roomRules) Policy(ctx context.Context, room rooms.Room) (rooms.Policy, error) {
	c, err := r.rooms.Get(ctx, room)
	if err != nil {
		return rooms.Policy{}, err
	}
	return r.policies.Current(ctx, c.Policy)
}
