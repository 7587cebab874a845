package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// silent is how long a network may take to let something through, if it does at all.
const silent = 500 * time.Millisecond

// cutFor is how long a network stays cut.
const cutFor = 10 * time.Second

// TestNothingIsLostWhenTheNetworkIsCut cuts the network between the nodes of a cluster, in namespaces of the kernel, while
// clients reach all of them. Who cannot ask a majority gives no receipt; when the network is whole again, so is the cluster.
func TestNothingIsLostWhenTheNetworkIsCut(t *testing.T) {
	t.Parallel() // most of it is waiting
	if !inNamespaces(t) {
		return
	}
	m := newMachines(t, fleet.N1, fleet.N2, fleet.Witness)
	wireIsCut(t, m)
	s := newSink(t)
	for _, n := range m.nodes {
		l, err := fleet.ListenOn(m, n, s.url[len("http://"):])
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: s}
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(l) }() // until it is closed
	}
	o := newOrdeal(t, s, m)
	o.suffer([]fault{
		{"leader-alone", 1, m.isolate(fleet.N1)},
		{"follower-alone", 1, m.isolate(fleet.N2)},
		{"data-nodes-apart", 2, m.apart},
		{"all-apart", 2, m.allApart},
		{"leader-not-heard", 2, m.oneWay(fleet.N1, fleet.N2)},
		{"follower-not-heard", 2, m.oneWay(fleet.N2, fleet.N1)},
	})
}

// wireIsCut wants the cut to be one.
func wireIsCut(t *testing.T, m *machines) {
	t.Helper()
	if err := m.reaches(t, fleet.N1, fleet.N2); err != nil {
		t.Fatal(err)
	}
	m.cut(t, fleet.N1, fleet.N2)
	if m.reaches(t, fleet.N1, fleet.N2) == nil {
		t.Fatal("what is cut lets something through")
	}
	m.mend(t)
	if err := m.reaches(t, fleet.N2, fleet.N1); err != nil {
		t.Fatal(err)
	}
}

// isolate cuts a node off from both others while n1 leads everything. It gives no receipt; the others do.
func (m *machines) isolate(node string) func(*ordeal) {
	other := map[string]string{fleet.N1: fleet.N2, fleet.N2: fleet.N1}[node]
	return func(o *ordeal) {
		o.lead(fleet.N1)
		m.cutBoth(o.t, node, other)
		m.cutBoth(o.t, node, fleet.Witness)
		alone, others := o.caller(node), o.caller(other)
		o.lasts(cutFor)
		wrong, right := alone.stop(), others.stop()
		o.t.Logf("%s, which was cut off, gave %d receipts and refused %d (%v); %s gave %d and refused %d (%v)",
			node, wrong, alone.refused, alone.why, other, right, others.refused, others.why)
		if wrong > 0 || alone.refused == 0 {
			o.t.Errorf("%s gave %d receipts and refused %d: it cannot know that a majority has what it was given", node, wrong, alone.refused)
		}
		if right == 0 {
			o.t.Errorf("%s, which had a majority, gave no receipt", other)
		}
		m.mend(o.t)
	}
}

// apart cuts the two full nodes off from each other; both see the witness. At least one of them goes on.
func (m *machines) apart(o *ordeal) {
	o.lead(fleet.N1)
	m.cutBoth(o.t, fleet.N1, fleet.N2)
	o.observe(m, "apart")
}

// allApart cuts everything. Nobody gives a receipt.
func (m *machines) allApart(o *ordeal) {
	o.lead(fleet.N1)
	m.cutBoth(o.t, fleet.N1, fleet.N2)
	m.cutBoth(o.t, fleet.N1, fleet.Witness)
	m.cutBoth(o.t, fleet.N2, fleet.Witness)
	if n := o.observe(m, "all apart"); n > 0 {
		o.t.Errorf("%d receipts were given, and nobody had a majority", n)
	}
}

// oneWay has a node not be heard by another, which it hears.
func (m *machines) oneWay(from, to string) func(*ordeal) {
	return func(o *ordeal) {
		o.lead(fleet.N1)
		m.cut(o.t, from, to)
		o.observe(m, "one way")
	}
}

// observe counts receipts of both full nodes for as long as a cut lasts, and mends it.
func (o *ordeal) observe(m *machines, name string) int {
	o.t.Helper()
	first, second := o.caller(fleet.N1), o.caller(fleet.N2)
	o.lasts(cutFor)
	a, b := first.stop(), second.stop()
	o.t.Logf("%s: n1 gave %d receipts and refused %d (%v), n2 gave %d and refused %d (%v)",
		name, a, first.refused, first.why, b, second.refused, second.why)
	m.mend(o.t)
	return a + b
}

// settled is the time after a cut in which a receipt may still be given for what a majority had before it.
const settled = time.Second

// caller publishes to one node, again and again, and asks it once for each message.
type caller struct {
	o       *ordeal
	done    context.CancelFunc
	working sync.WaitGroup
	given   int
	refused int
	why     error // of the last that was refused
	told    []delivery
}

func (o *ordeal) caller(node string) *caller {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	p := &caller{o: o, done: cancel}
	options := o.ClientOptions(fleet.Publisher, node)
	options.RetryFor, options.Timeout = -1, 3*time.Second
	p.working.Go(func() { p.work(ctx, client.New(options), fmt.Sprintf("%s%d-%s", probed, o.rounds, node)) })
	return p
}

func (p *caller) work(ctx context.Context, gateway *client.Client, name string) {
	pause(ctx, settled)
	for n := 0; ctx.Err() == nil; n++ {
		tx := fmt.Sprintf("%s-%d", name, n)
		r, err := gateway.Publish(p.o.t.Context(), fleet.Room, notice(tx))
		if err == nil {
			p.given++
			p.told = append(p.told, delivery{r.UMID, addressOf(tx)})
		} else {
			p.refused++
			p.why = err
		}
		pause(ctx, crowdPause)
	}
}

// stop waits for the last answer. What was acknowledged must arrive like everything else.
func (p *caller) stop() int {
	p.done()
	p.working.Wait()
	p.o.told = append(p.o.told, p.told...)
	return p.given
}
