package stream

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

// wires are the connections between three servers in this process, which a test can cut, one node
// at a time.
type wires struct {
	cut [3]atomic.Bool

	mu   sync.Mutex
	open map[net.Conn]int // the node that is at one of their ends
}

// wiredNodes are three nodes whose connections go through wires.
func wiredNodes(t *testing.T) (*nodes, *wires) {
	t.Helper()
	n, w := &nodes{Cluster: brokertest.NewCluster(t, broker.Cluster)}, &wires{open: map[net.Conn]int{}}
	for i := range n.Options { // servers tell each other of addresses at which they have seen a third: nobody listens there
		n.Options[i].Cluster.Listen = strings.Replace(n.Options[i].Cluster.Listen, "127.0.0.1", fmt.Sprintf("127.0.1.%d", i+1), 1)
	}
	for i := range n.Options {
		var routes []string
		for j, to := range n.Options {
			address := to.Cluster.Listen
			if i != j {
				address = w.between(t, i, j, address)
			}
			routes = append(routes, address)
		}
		n.Options[i].Cluster.Routes = routes
	}
	for i := range n.Options {
		n.Start(t, i)
	}
	n.Ready(t)
	n.open(t)
	return n, w
}

// between gives an address that leads from one node to another.
func (w *wires) between(t *testing.T, from, to int, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go w.join(near, from, to, address)
		}
	}()
	return l.Addr().String()
}

func (w *wires) join(near net.Conn, from, to int, address string) {
	defer near.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer far.Close()
	if !w.keep(near, from, to) {
		return
	}
	defer w.forget(near)
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
}

func (w *wires) keep(c net.Conn, from, to int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[c] = 1<<from | 1<<to
	return !w.cut[from].Load() && !w.cut[to].Load()
}

func (w *wires) forget(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
}

// isolate cuts a node off from the others, as if it had died.
func (w *wires) isolate(node int) {
	w.cut[node].Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, ends := range w.open {
		if ends&(1<<node) != 0 {
			_ = c.Close()
		}
	}
}
