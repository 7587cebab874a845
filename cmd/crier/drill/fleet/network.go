package fleet

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Mode is whether bytes pass.
type Mode int

const (
	// Pass lets everything through.
	Pass Mode = iota
	// Cut closes connections and accepts none that lives.
	Cut
	// Blackhole leaves connections open and lets nothing through; what was sent arrives when it passes again.
	Blackhole
)

// Line is how bytes travel from one node to another. The way back is a line of its own; a connection needs both. The zero
// value is a good line.
type Line struct {
	Mode Mode
	// Delay is added to every byte.
	Delay time.Duration
	// DropEvery closes connections at random, each after this time on average; 0 never.
	DropEvery time.Duration
}

type direction struct{ from, to string }

// Network is what lies between the nodes: one proxy for each ordered pair, and a line for each.
type Network struct {
	mu      sync.Mutex
	lines   map[direction]Line
	changed chan struct{} // closed and replaced when a line changes

	cancel  context.CancelFunc
	closed  sync.Once
	proxies map[direction]*proxy
	running sync.WaitGroup
}

// newNetwork opens a proxy for each ordered pair of nodes; homes are the addresses on which the nodes accept routes.
func newNetwork(homes map[string]string) (*Network, error) {
	ctx, cancel := context.WithCancel(context.Background())
	n := &Network{
		lines: map[direction]Line{}, changed: make(chan struct{}), cancel: cancel, proxies: map[direction]*proxy{},
	}
	for from := range homes {
		for to, home := range homes {
			if from == to {
				continue
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, errors.Join(err, n.Close())
			}
			p := &proxy{network: n, way: direction{from, to}, home: home, listener: l}
			n.proxies[p.way] = p
			n.running.Go(func() { p.run(ctx) })
		}
	}
	return n, nil
}

// Close ends all connections. It may be called twice.
func (n *Network) Close() error {
	var all []error
	n.closed.Do(func() {
		n.cancel()
		for _, p := range n.proxies {
			all = append(all, p.listener.Close())
		}
		n.running.Wait()
	})
	return errors.Join(all...)
}

// address is where a node reaches another.
func (n *Network) address(from, to string) string {
	return n.proxies[direction{from, to}].listener.Addr().String()
}

// Set changes the line from one node to another.
func (n *Network) Set(from, to string, l Line) { n.set(l, direction{from, to}) }

// SetAround changes all lines to and from a node.
func (n *Network) SetAround(node string, l Line) {
	var ways []direction
	for way := range n.proxies {
		if way.from == node || way.to == node {
			ways = append(ways, way)
		}
	}
	n.set(l, ways...)
}

// SetAll changes every line; SetAll(Line{}) mends everything.
func (n *Network) SetAll(l Line) {
	var ways []direction
	for way := range n.proxies {
		ways = append(ways, way)
	}
	n.set(l, ways...)
}

// set changes lines, all at one moment.
func (n *Network) set(l Line, ways ...direction) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, way := range ways {
		n.lines[way] = l
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// line gives a line as it is now, and what is closed when some line changes.
func (n *Network) line(way direction) (Line, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lines[way], n.changed
}

// await waits until a line is in a mode that suits.
func (n *Network) await(ctx context.Context, way direction, suits func(Mode) bool) bool {
	for {
		l, changed := n.line(way)
		if suits(l.Mode) {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
