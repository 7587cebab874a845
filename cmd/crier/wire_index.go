package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/stream"
)

// knowledge is what is derived from the log: the index, and the rooms.
type knowledge struct {
	*recall
	rooms       *registry.Rooms
	subscribers *registry.Subscribers
	webhooks    *registry.Webhooks
	callbacks   *registry.Callbacks
	blocked     *registry.Blocked
	policies    *registry.Policies
	controls    *registry.Controls
	senders     *registry.Senders
	apiKeys     *registry.APIKeys
	quotas      *quota.Quotas
	warnings    <-chan quota.Warning
	release     *release.Releaser
	departures  *registry.Departures
	links       *registry.Links

	suppressions *registry.Suppressions
	uses         *registry.Providers
	publisher    *publish.Publisher // nil until it is asked for

	calls *outbound.Client // of URLs that applications have named
}

// openKnowledge opens the index and has it follow the log; so with the rooms, all of which are known when it returns.
func (a *App) openKnowledge(ctx context.Context, c *crew, s *store) (*knowledge, error) {
	heard := a.hearQuotas(s)
	x, quotas, err := a.openIndex(ctx, c, s, heard.warn)
	if err != nil {
		return nil, err
	}
	calls, err := a.openCalls(c, s)
	if err != nil {
		return nil, err
	}
	k := &knowledge{
		calls:       calls,
		recall:      newRecall(x, s.log, a.config.Log.Duplicates),
		quotas:      quotas,
		warnings:    heard.toTell,
		senders:     registry.NewSenders(s.log, a.log.With("part", "senders")),
		rooms:       registry.NewRooms(s.log),
		subscribers: registry.NewSubscribers(s.log, s.vault),
		blocked:     registry.NewBlocked(s.log, a.log.With("part", "blocked")),
	}
	if err := k.blocked.Load(ctx); err != nil {
		return nil, err
	}
	c.run("blocked", k.blocked.Run)
	k.policies = registry.NewPolicies(s.log, s.vault, k.rooms, a.config.Policy.Rules(), a.config.API.MaxExpiry, a.log.With("part", "policies"))
	k.policies.Published = a.standardPublished(s)
	c.run("policies", k.policies.Run)
	if err := k.senders.Load(ctx); err != nil {
		return nil, err
	}
	c.run("senders", k.senders.Run)
	k.apiKeys = registry.NewAPIKeys(s.log, s.vault, s.broker.Now, a.log.With("part", "API keys"))
	if err := k.apiKeys.Load(ctx); err != nil {
		return nil, err
	}
	c.run("API keys", k.apiKeys.Run)
	a.apiKeys = k.apiKeys
	k.controls = registry.NewControls(s.log, s.broker.Now, a.log.With("part", "controls"))
	if err := k.controls.Load(ctx); err != nil {
		return nil, err
	}
	c.run("controls", k.controls.Run)
	k.release = a.newReleaser(c, s, k)
	k.departures = registry.NewDepartures(s.log, s.broker.Now, a.log.With("part", "departures"))
	if err := k.departures.Load(ctx); err != nil {
		return nil, err
	}
	c.run("departures", k.departures.Run)
	k.suppressions = registry.NewSuppressions(s.log, s.vault, a.config.Suppressions, s.broker.Now, a.log.With("part", "suppressions"))
	if err := k.suppressions.Load(ctx); err != nil {
		return nil, err
	}
	c.run("suppressions", k.suppressions.Run)
	k.uses = registry.NewProviders(s.log, s.broker.Now, a.log.With("part", "providers"))
	if err := k.uses.Load(ctx); err != nil {
		return nil, err
	}
	c.run("providers", k.uses.Run)
	k.subscribers.Departures, k.links = k.departures, &registry.Links{Vault: s.vault}
	k.webhooks = &registry.Webhooks{
		Store: s.log, Vault: s.vault, Rooms: k.rooms, Blocked: k.blocked, KeepSecret: a.config.Providers.Webhook.KeepSecret, Now: s.broker.Now,
		Allowed: k.calls.Allowed,
	}
	k.callbacks = &registry.Callbacks{
		Store: s.log, Vault: s.vault, Blocked: k.blocked, KeepSecret: a.config.Providers.Webhook.KeepSecret, Now: s.broker.Now, Allowed: k.calls.Allowed,
	}
	c.run("catching up", k.catchUp)
	c.run("rooms", func(ctx context.Context) error { return k.rooms.Run(ctx, s.log) })
	select {
	case <-k.rooms.Ready():
		return k, nil
	case err := <-c.failed:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// openIndex opens the index and has it follow the log, and the quotas hear of what it learns.
func (a *App) openIndex(ctx context.Context, c *crew, s *store, warn func(quota.Warning)) (x *index.Index, quotas *quota.Quotas, err error) {
	o := a.config.Index
	o.Logger, o.Metrics = a.log.With("part", "index"), a.metrics
	if o.Source, err = s.log.Identity(ctx); err != nil {
		return nil, nil, err
	}
	quotas = quota.New(a.config.API.Quotas, quota.Deps{
		Wait: func(ctx context.Context) error { return foldMessages(ctx, s.log, x) }, Warn: warn, Now: s.broker.Now,
	})
	o.Observer = quotas
	if x, err = index.Open(o); err != nil {
		return nil, nil, err
	}
	c.onStop("index", x.Close)
	if err := x.Since(quotas.Oldest(), quotas.Accepted); err != nil { // before more is folded
		return nil, nil, err
	}
	c.run("fold", func(ctx context.Context) error { return x.Run(ctx, s.log) })
	return x, quotas, nil
}

// openCalls makes what calls applications.
func (a *App) openCalls(c *crew, s *store) (*outbound.Client, error) {
	o := a.config.Providers.Webhook.Options.Options
	o.Now = s.broker.Now
	calls, err := outbound.New(o)
	if err != nil {
		return nil, fmt.Errorf("providers.webhook: %w", err)
	}
	c.onStop("calls", func() error { calls.Close(); return nil })
	return calls, nil
}

// recall answers from the index what the others ask about the past.
type recall struct {
	index *index.Index
	log   *stream.Log
	told  *barrier // behind it, every event recorded before is known
	again *barrier // behind it, everything before is known, which whole then says

	window time.Duration // in which the log itself knows a transaction again
	whole  atomic.Pointer[reached]
}

// reached says that the index, in a generation, knew all that was in the log at a moment.
type reached struct {
	generation int64
	at         time.Time
}

func newRecall(x *index.Index, l *stream.Log, window time.Duration) *recall {
	r := &recall{index: x, log: l, window: window}
	r.told = newBarrier(func(ctx context.Context) error { return foldEvents(ctx, l, x) })
	r.again = newBarrier(r.reach)
	return r
}

var (
	errCatchingUp = errors.New("the index has not reached the log's end")

	_ publish.Memory = (*recall)(nil)
)

// reach notes that the index is whole, once it is.
func (r *recall) reach(ctx context.Context) error {
	at := time.Now()
	generation := r.index.Generation()
	if err := r.index.Wait(ctx, r.log); err != nil {
		return err
	}
	r.whole.Store(&reached{generation, at})
	return nil
}

// catchUp says in time that the index is whole, and again each time that it was begun anew, or a while has passed.
func (r *recall) catchUp(ctx context.Context) error {
	for ctx.Err() == nil {
		anew := r.index.Anew() // asked for before the generation, so that no beginning is missed
		if err := r.again.wait(ctx); err != nil {
			pause(ctx, time.Second)
			continue
		}
		select {
		case <-anew:
		case <-time.After(r.window / 10):
		case <-ctx.Done():
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Ready says whether the index is whole.
func (r *recall) Ready(context.Context) error {
	if w := r.whole.Load(); w == nil || w.generation != r.index.Generation() {
		return errCatchingUp
	}
	return nil
}

// lagging says that too long a time has passed since the index was whole: what it does not know the log may not know any
// more either. Neither clock is trusted alone, as one may be set and the other stands still while a machine is suspended.
func (r *recall) lagging() bool {
	w, now := r.whole.Load(), time.Now()
	since := func(a, b time.Time) bool { return a.Sub(b).Abs() > r.window/2 }
	return w == nil || since(now, w.at) || since(now.Round(0), w.at.Round(0))
}

// lookupPatience bounds how long a look-up waits for an index that lags.
const lookupPatience = 5 * time.Second

// current makes sure that the index knows what the log may have forgotten.
func (r *recall) current() error {
	ctx, cancel := context.WithTimeout(context.Background(), lookupPatience)
	defer cancel()
	if err := r.Ready(ctx); err != nil {
		return err
	}
	if r.lagging() {
		return r.again.wait(ctx)
	}
	return nil
}

// Wait returns when the index has folded the log to its end as of the call.
func (r *recall) Wait(ctx context.Context) error { return r.again.wait(ctx) }

// certain is an error unless the index knows all that was in the log at the call; while it is begun anew, at once.
func (r *recall) certain(ctx context.Context) error {
	if err := r.Ready(ctx); err != nil {
		return err
	}
	return r.again.wait(ctx)
}

// Lookup finds a transaction of the past. It answers only while the index is whole: else an old one would pass for new.
func (r *recall) Lookup(txids ...string) (publish.Known, bool, error) {
	if err := r.current(); err != nil {
		return publish.Known{}, false, fmt.Errorf("%w: %w", publish.ErrUnavailable, err)
	}
	k, ok, err := r.index.Lookup(txids...)
	return publish.Known{UMID: k.UMID, MHASH: k.MHASH, Room: k.Room}, ok, err
}

// Settled says, after everything recorded so far is known, whether an attempt is needless: something of the same or a
// later one is recorded, or that the delivery is sent or done with.
func (r *recall) Settled(ctx context.Context, id rooms.DeliveryID, round, attempt int) (bool, error) {
	s, err := r.State(ctx, id)
	return err == nil && channels.Needless(s, round, attempt), err
}

// State says how a delivery stands after everything recorded so far.
func (r *recall) State(ctx context.Context, id rooms.DeliveryID) (rooms.State, error) {
	if err := r.told.wait(ctx); err != nil {
		return rooms.State{}, err
	}
	return r.index.State(id)
}

// sentPatience bounds how long a receipt waits for an index that lags; receipts are parked then.
const sentPatience = 3 * time.Second

// Sent gives what a provider has confirmed under an id; with wait after everything recorded so far is known. While the index is
// begun anew that is an error at once.
func (r *recall) Sent(ctx context.Context, provider, id string, wait bool) (rooms.Confirmation, bool, error) {
	if wait {
		if err := r.Ready(ctx); err != nil {
			return rooms.Confirmation{}, false, err
		}
		ctx, cancel := context.WithTimeout(ctx, sentPatience)
		defer cancel()
		if err := r.told.wait(ctx); err != nil {
			return rooms.Confirmation{}, false, err
		}
	}
	return r.index.Sent(provider, id)
}
