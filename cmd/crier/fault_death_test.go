package main

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// down is how long a killed node is away: longer than it takes to elect others.
const down = 4 * time.Second

// TestNothingIsLostWhenNodesDie kills, hangs and restarts the nodes of a cluster under load, one and all, and slows down
// the network between them. What was acknowledged is delivered, hardly anything twice; the cluster becomes whole again by
// itself, and its nodes hold the same.
func TestNothingIsLostWhenNodesDie(t *testing.T) {
	t.Parallel() // most of it is waiting
	o := newOrdeal(t, newSink(t), nil)
	o.suffer([]fault{
		{"kill-leader", 1, kill(fleet.N1)},
		{"kill-follower", 1, kill(fleet.N2)},
		{"kill-witness", 0, kill(fleet.Witness)},
		{"kill-in-turn", 2, killInTurn},
		{"hang-leader", 1, hang},
		{"kill-all", 2, killAll},
		{"stop-all", 2, stopAll},
		{"stop-each-in-turn", 0, stopEach},
		{"slow-network", 0, slowNetwork},
	})
}

// kill kills a node while n1 leads everything.
func kill(name string) func(*ordeal) {
	return func(o *ordeal) {
		o.lead(fleet.N1)
		o.must(o.Node(name).Kill())
		o.lasts(down)
		o.must(o.Node(name).Start())
	}
}

// killInTurn kills n2 when n1, which was killed, is back but has not caught up.
func killInTurn(o *ordeal) {
	kill(fleet.N1)(o)
	await(o.t, busyFor, func() string {
		if _, err := o.Node(fleet.N1).Status(o.t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
	o.must(o.Node(fleet.N2).Kill())
	o.lasts(down)
	o.must(o.Node(fleet.N2).Start())
}

// hang stops the leader of everything for longer than elections, leases and acks take.
func hang(o *ordeal) {
	o.lead(fleet.N1)
	o.must(o.Node(fleet.N1).Hang())
	o.lasts(longer(15*time.Second, 30*time.Second))
	o.must(o.Node(fleet.N1).Continue())
}

func killAll(o *ordeal) {
	o.must(o.KillAll())
	o.startAll()
}

// stopAll has all nodes stop at once as an operator would stop each.
func stopAll(o *ordeal) {
	nodes := o.Nodes()
	faults := make([]error, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() { faults[i] = n.Terminate(o.t.Context()) })
	}
	all.Wait()
	o.must(errors.Join(faults...))
	o.startAll()
}

// stopEach restarts every node as an operator would for an upgrade: the next when all is whole again. Nobody is refused, and
// nothing is in hand when a node ends.
func stopEach(o *ordeal) {
	for _, n := range o.Nodes() {
		o.must(n.Terminate(o.t.Context()))
		o.must(n.Start())
		o.whole()
	}
}

func (o *ordeal) startAll() {
	o.t.Helper()
	for _, n := range o.Nodes() {
		o.must(n.Start())
	}
}

// slowNetwork delays all that nodes say to each other, and breaks connections now and then. Everything works, only slower.
func slowNetwork(o *ordeal) {
	const delay = 200 * time.Millisecond // each way
	o.Network.SetAll(fleet.Line{Delay: delay, DropEvery: 20 * time.Second})
	o.lasts(time.Second)
	c := newCrowd(o)
	c.flows(longer(40, 400))
	c.finish()
	quick, slow := c.waited()
	o.t.Logf("slow network: of %d receipts the quickest came after %v, the last after %v", len(c.told()), quick, slow)
	if quick < delay {
		o.t.Errorf("a receipt came after %v: the others cannot have heard of it, the way there takes %v", quick, delay)
	}
	o.told = append(o.told, c.told()...)
	o.Network.SetAll(fleet.Line{})
}
