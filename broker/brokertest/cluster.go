package brokertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/nodecert"
)

// startPatience is how long a cluster may take to be ready.
const startPatience = 3 * time.Minute

// Cluster is several servers in this process, which find each other on loopback addresses.
type Cluster struct {
	// Options of each node, by which it can be started again.
	Options []broker.Options
	// Servers that were started last, by node; a stopped one stays here.
	Servers []*broker.Server
}

// StartCluster runs as many servers as a topology has at least: n1, n2, … on new stores.
func StartCluster(tb testing.TB, topology string) *Cluster {
	tb.Helper()
	c := NewCluster(tb, topology)
	c.StartAll(tb)
	return c
}

// StartAll starts all nodes at once and waits until they are ready.
func (c *Cluster) StartAll(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(c.Stop)
	if err := c.StartOthers(-1); err != nil {
		tb.Fatalf("start the cluster: %v", err)
	}
	c.Ready(tb)
}

// NewCluster makes the options of a cluster, none of whose nodes runs yet.
func NewCluster(tb testing.TB, topology string) *Cluster {
	tb.Helper()
	folder := tb.TempDir()
	authority, err := nodecert.New(folder)
	if err != nil {
		tb.Fatal(err)
	}
	n := broker.Options{Topology: topology}.Replicas()
	routes := freeAddresses(tb, n)
	c := &Cluster{Servers: make([]*broker.Server, n)}
	for i := range n {
		node := fmt.Sprintf("n%d", i+1)
		cert, key, err := authority.Issue(node, "127.0.0.1")
		if err != nil {
			tb.Fatal(err)
		}
		c.Options = append(c.Options, broker.Options{
			Store: filepath.Join(folder, node), Node: node, Key: Key + node, Topology: topology,
			Cluster: broker.ClusterOptions{
				Listen: routes[i], Routes: routes,
				TLS: broker.ClusterTLS{CertFile: cert, KeyFile: key, CAFile: authority.File()},
			},
		})
	}
	return c
}

// StartOthers starts all nodes but one (-1: all) at once, without waiting until they are ready.
func (c *Cluster) StartOthers(but int) error {
	var all sync.WaitGroup
	faults := make([]error, len(c.Options))
	for i, o := range c.Options {
		if i != but {
			all.Go(func() { c.Servers[i], faults[i] = broker.Start(context.Background(), o) })
		}
	}
	all.Wait()
	return errors.Join(faults...)
}

// Stop stops all nodes.
func (c *Cluster) Stop() {
	var all sync.WaitGroup
	for _, s := range c.Servers {
		if s != nil {
			all.Go(s.Stop)
		}
	}
	all.Wait()
}

// Start starts one node, which is not ready yet.
func (c *Cluster) Start(tb testing.TB, i int) *broker.Server {
	tb.Helper()
	s, err := broker.Start(context.Background(), c.Options[i])
	if err != nil {
		tb.Fatalf("start %s: %v", c.Options[i].Node, err)
	}
	tb.Cleanup(s.Stop)
	c.Servers[i] = s
	return s
}

// Ready waits for all nodes that were started.
func (c *Cluster) Ready(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	for i, s := range c.Servers {
		if s == nil {
			continue
		}
		if err := s.Ready(ctx); err != nil {
			tb.Fatalf("%s is not ready: %v", c.Options[i].Node, err)
		}
	}
}

// freeAddresses finds ports that nobody listens on at this moment.
func freeAddresses(tb testing.TB, n int) []string {
	tb.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close() // only then is the port free, so that no two are alike
		all = append(all, l.Addr().String())
	}
	return all
}
