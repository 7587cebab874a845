package channels

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// nodes is what this node knows of the others; nil where it is the only one.
func (b *Bridge) newNodes() *nodes {
	if b.deps.Reports == nil {
		return nil
	}
	return &nodes{store: b.deps.Reports, name: b.deps.Node, gone: b.options.Health.gone(), now: time.Now, log: b.deps.Logger, others: map[string]*other{}}
}

// conduct has this node report, and take its share of the rates, until ctx ends.
func (b *Bridge) conduct(ctx context.Context) {
	tick := time.NewTicker(b.options.Health.Report)
	defer tick.Stop()
	for ctx.Err() == nil {
		b.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// look is one step of it.
func (b *Bridge) look(ctx context.Context) {
	own := b.reports()
	if b.nodes == nil {
		return
	}
	b.sharing.Lock()
	defer b.sharing.Unlock()
	b.nodes.look(ctx, own)
	for c, crew := range b.crews {
		for _, m := range crew.members {
			m.slots.share(b.nodes.sharing(c, m.Name))
		}
	}
}

// reports are how the providers answer this node.
func (b *Bridge) reports() (all []rooms.ProviderReport) {
	for c, crew := range b.crews {
		for _, m := range crew.members {
			m.health.told(b.deps.Uses.Of(c, m.Name).Entry)
			r := m.health.report()
			r.Channel, r.Name = c, m.Name
			all = append(all, r)
		}
	}
	return all
}

// balance moves the weights, on one node for all, until ctx ends.
func (b *Bridge) balance(ctx context.Context) error {
	tick := time.NewTicker(b.options.Weights.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			b.move(ctx)
		}
	}
}

// move is one step of it. That somebody else has decided meanwhile is seen in the next one.
func (b *Bridge) move(ctx context.Context) {
	reports := b.reports()
	if b.nodes != nil {
		b.sharing.Lock()
		reports = append(reports, b.nodes.reports()...)
		b.sharing.Unlock()
	}
	for c, crew := range b.crews {
		if len(crew.members) < 2 {
			continue
		}
		var all []standing
		for _, m := range crew.members {
			all = append(all, stand(b.deps.Uses.Of(c, m.Name), reports))
		}
		for _, u := range b.options.Weights.decide(all, b.deps.Now().UTC().Truncate(time.Millisecond)) {
			if _, err := b.deps.Uses.Put(ctx, u); err != nil {
				b.deps.Logger.Warn("a provider's weight not moved; it will be tried again", "channel", c, "provider", u.Name, "error", err)
				continue
			}
			b.deps.Logger.Warn("a provider's weight is moved", "channel", c, "provider", u.Name, "factor", u.Factor, "reason", u.Reason)
		}
	}
}
