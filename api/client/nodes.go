package client

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	firstRest = time.Second
	maxRest   = time.Minute
)

// node is one server, and how it was lately.
type node struct {
	base string // without a slash at the end

	// Of nodes.mu:
	failed int       // times in a row
	rest   time.Time // until then the others are asked first
}

// nodes are all servers, the preferred one first.
type nodes struct {
	mu   sync.Mutex
	list []*node
}

// newNodes has the lot decide whom to prefer, so that clients with the same list spread over it.
func newNodes(bases []string) *nodes {
	n := &nodes{}
	first := rand.IntN(max(len(bases), 1))
	for i := range bases {
		n.list = append(n.list, &node{base: bases[(first+i)%len(bases)]})
	}
	return n
}

// order gives all nodes in the order in which to ask them, those that rest last. One whose rest is over is tried by the
// caller that gets it first; the others pass it by for as long as the trial may take.
func (n *nodes) order(now time.Time, trial time.Duration) []*node {
	n.mu.Lock()
	defer n.mu.Unlock()
	order := slices.Clone(n.list)
	slices.SortStableFunc(order, func(a, b *node) int {
		return cmp.Compare(max(a.rest.Sub(now), 0), max(b.rest.Sub(now), 0))
	})
	if len(order) > 0 && order[0].failed > 0 {
		order[0].rest = now.Add(trial)
	}
	return order
}

// worked notes that a node has answered.
func (n *nodes) worked(x *node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	x.failed, x.rest = 0, time.Time{}
}

// didNot notes that a node has failed, and how long that took. It rests longer each time, and ten times as long as the
// failure took, so that one which hangs costs little. A node may ask for more time itself.
func (n *nodes) didNot(x *node, now time.Time, took, asked time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	rest := min(max(firstRest<<min(x.failed, 10), 10*took), maxRest)
	x.failed++
	x.rest = now.Add(max(rest, asked))
}
