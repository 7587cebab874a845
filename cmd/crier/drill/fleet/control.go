package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/control"
)

// Status is how the cluster stands as the node sees it, asked over its control socket.
func (n *Node) Status(ctx context.Context) (broker.Status, error) {
	return control.Dial(n.Store()).Status(ctx)
}

// Healed waits until every node is in service and says that all streams and consumers have all their replicas, each of
// them current.
func (f *Fleet) Healed(ctx context.Context) error {
	for _, n := range f.nodes {
		if err := errors.Join(n.Ready(ctx), n.await(ctx, "healed", n.healed)); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) healed(ctx context.Context) error {
	s, err := n.Status(ctx)
	if err != nil {
		return err
	}
	if !s.Healed {
		return errors.New(s.Words)
	}
	return nil
}

// Alike waits until every node was found to hold the same entries of every stream. They are compared one stream after the
// other, since some are written to at all times.
func (f *Fleet) Alike(ctx context.Context) error {
	var open map[string]bool // streams that were not alike yet; nil before the first look
	var last error
	for {
		for _, n := range f.nodes {
			if !n.Alive() {
				return fmt.Errorf("fleet: %s has ended: %w; its last words:\n%s", n.Name, n.ended(), n.lastWords())
			}
		}
		unlike, err := f.compare(ctx)
		if err == nil {
			if open = stillOpen(open, unlike); len(open) == 0 {
				return nil
			}
			err = fmt.Errorf("%v differ: %+v", slices.Sorted(maps.Keys(open)), unlike)
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if !sleep(ctx, compareEvery) {
			return fmt.Errorf("fleet: what the nodes hold is not alike: %w", last)
		}
	}
}

// compare is given up after a while: what was asked of a node may be lost with a connection.
func (f *Fleet) compare(ctx context.Context) ([]broker.Copy, error) {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	return control.Dial(f.nodes[0].Store()).Verify(ctx)
}

// compareEvery is the time between two comparisons, each of which reads everything.
const compareEvery = time.Second

// stillOpen are the streams that were open before and are unlike again.
func stillOpen(open map[string]bool, unlike []broker.Copy) map[string]bool {
	still := map[string]bool{}
	for _, c := range unlike {
		if open == nil || open[c.Stream] {
			still[c.Stream] = true
		}
	}
	return still
}

// Lead has a node lead everything: the cluster's own group, streams and consumers.
func (f *Fleet) Lead(ctx context.Context, name string) error {
	n := f.Node(name)
	return n.await(ctx, "leader of everything", n.lead)
}

// lead asks for it, unless it is so. Leaders may move back while others still move.
func (n *Node) lead(ctx context.Context) error {
	s, err := n.Status(ctx)
	if err != nil {
		return err
	}
	for _, one := range s.Nodes {
		if one.Name == n.Name && one.Leads == s.Groups {
			return nil
		}
	}
	if err := control.Dial(n.Store()).StepDown(ctx, "", n.Name, func(string) {}); err != nil {
		return err
	}
	return fmt.Errorf("%s has been asked to lead %d groups", n.Name, s.Groups)
}
