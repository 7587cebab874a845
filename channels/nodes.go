package channels

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Reports are where the nodes tell each other that they live and how the providers answer them. Nodes gives what was
// reported from an entry on, of each node the latest.
type Reports interface {
	PutNode(ctx context.Context, r rooms.NodeReport) error
	Nodes(ctx context.Context, from uint64) ([]rooms.NodeReport, error)
}

// nodes is what a node knows of the others. It counts by its own clock from what it has itself seen: a node is there until
// nothing new was seen of it for a time. While the log cannot be written or read, that time stands still, so that who is cut
// off does not take himself for alone.
type nodes struct {
	store Reports
	name  string
	gone  time.Duration
	now   func() time.Time
	log   *slog.Logger

	others map[string]*other
	from   uint64
	ready  time.Time // when this node may take its share; zero before its first report
}

// other is another node.
type other struct {
	seen   time.Time
	report rooms.NodeReport
}

// look reports, and learns of the others.
func (n *nodes) look(ctx context.Context, own []rooms.ProviderReport) {
	ctx, cancel := context.WithTimeout(ctx, n.gone/3)
	defer cancel()
	err := n.store.PutNode(ctx, rooms.NodeReport{Node: n.name, Providers: own})
	var fresh []rooms.NodeReport
	if err == nil {
		fresh, err = n.store.Nodes(ctx, n.from)
	}
	now := n.now()
	if err != nil {
		n.log.Debug("the other nodes cannot be heard; what is known of them holds", "error", err)
		for _, o := range n.others {
			o.seen = now
		}
		return
	}
	for _, r := range fresh {
		n.from = max(n.from, r.Entry+1)
		if r.Node != n.name {
			n.others[r.Node] = &other{now, r}
		}
	}
	if n.ready.IsZero() {
		n.ready = now
		if len(n.others) > 0 { // until all of them have seen this node
			n.ready = now.Add(n.gone)
		}
	}
	maps.DeleteFunc(n.others, func(_ string, o *other) bool { return now.Sub(o.seen) >= n.gone })
}

// sharing is how many nodes share the rate of a provider, this one included; held says that this one is too new to.
func (n *nodes) sharing(c rooms.Channel, provider string) (count int, held bool) {
	count = 1
	for _, o := range n.others {
		if slices.ContainsFunc(o.report.Providers, func(r rooms.ProviderReport) bool { return r.Channel == c && r.Name == provider }) {
			count++
		}
	}
	return count, n.ready.IsZero() || n.now().Before(n.ready)
}

// reports are those of the other nodes.
func (n *nodes) reports() (all []rooms.ProviderReport) {
	for _, o := range n.others {
		all = append(all, o.report.Providers...)
	}
	return all
}
