package drill

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// Gateway is a cluster that somebody else runs.
type Gateway struct {
	// Nodes are the base URLs of its full nodes.
	Nodes []string
	// Open makes a client of those nodes, which may publish into Room, to named recipients, and read what it published.
	Open func(nodes ...string) (*client.Client, error)
	// HTTPClient reads metrics where the API serves them.
	HTTPClient *http.Client
	// Room takes the messages.
	Room string
	// To are the recipients of each message.
	To []v1.Contact
	// Sink is the address, host:port, to which the nodes' sandbox.url leads. Without one the status of each message says
	// whether it was delivered.
	Sink string
	// Ask tells the operator what to do, and returns when he says that it is done.
	Ask func(ctx context.Context, text string) error
}

// Watch measures while an operator acts. What it cannot see from outside it takes to be healed when every node is ready
// again.
func Watch(ctx context.Context, o Options, g Gateway) (results []Result, err error) {
	o.Recipients = len(g.To)
	o = o.withDefaults()
	if err := errors.Join(o.check(), g.check()); err != nil {
		return nil, err
	}
	see, closeSink, err := g.watcher()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeSink()) }()
	nodes, err := g.open(len(g.Nodes), func(i int) []string { return g.Nodes[i : i+1] })
	if err != nil {
		return nil, err
	}
	publishers, err := g.open(o.Publishers, func(int) []string { return g.Nodes })
	if err != nil {
		return nil, err
	}
	return repeat(ctx, o, func(ctx context.Context, name string) (scene, error) {
		s := scene{
			target: target{
				room:       g.Room,
				publisher:  func(i int) publisher { return publishers[i] },
				recipients: func(string) []v1.Contact { return g.To },
			},
			act:      func(ctx context.Context, t *trial) error { return g.prompt(ctx, t, *find(name)) },
			healed:   func(ctx context.Context) error { return allReady(ctx, nodes) },
			arrivals: see(publishers[0]),
		}
		if m := newMeter(g.HTTPClient, g.Nodes); s.arrivals.exact() && m.answers(ctx) {
			s.meter = m
		}
		return s, nil
	})
}

func (g Gateway) check() error {
	switch {
	case len(g.Nodes) == 0:
		return errors.New("drill: the URLs of the nodes are needed")
	case g.Room == "":
		return errors.New("drill: a room is needed")
	}
	return nil
}

// open makes n clients.
func (g Gateway) open(n int, of func(i int) []string) ([]*client.Client, error) {
	var all []*client.Client
	for i := range n {
		c, err := g.Open(of(i)...)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// watcher says how deliveries are seen.
func (g Gateway) watcher() (see func(reader) arrivals, closeSink func() error, err error) {
	if g.Sink == "" {
		return func(r reader) arrivals { return newTold(r) }, func() error { return nil }, nil
	}
	s, err := newSink(g.Sink)
	if err != nil {
		return nil, nil, err
	}
	return func(reader) arrivals { return seen{s, s.count()} }, s.close, nil
}

// prompt has the operator act.
func (g Gateway) prompt(ctx context.Context, t *trial, f fault) error {
	if err := g.Ask(ctx, f.begin+", and press Enter in that moment"); err != nil {
		return err
	}
	t.strikes("%s: measuring", f.name)
	if err := g.Ask(ctx, "press Enter when "+f.end); err != nil {
		return err
	}
	t.ends("%s: waiting until every node is ready", f.name)
	return nil
}

// allReady waits until every node takes requests.
func allReady(ctx context.Context, nodes []*client.Client) error {
	for i, n := range nodes {
		for {
			err := n.Ready(ctx)
			if err == nil {
				break
			}
			if !sleep(ctx, lookEvery) {
				return fmt.Errorf("node %d is not ready: %w", i+1, err)
			}
		}
	}
	return nil
}
