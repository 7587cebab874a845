package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// faultWorkers is how many deliveries of a lane and channel a node may have at the provider at once.
const faultWorkers = 16

// healing is how long a cluster may take to be whole again, on a slow machine.
const healing = 3 * time.Minute

// fault is something that happens to a cluster under load.
type fault struct {
	name string
	// hits is how often what a full node has at the provider may be done again.
	hits int
	// strike lets it happen, and be over.
	strike func(*ordeal)
}

// ordeal is a cluster of three to which faults happen, and all that clients were told and people were sent meanwhile.
type ordeal struct {
	t *testing.T
	*fleet.Fleet
	sink   *sink
	told   []delivery // acknowledged, of all rounds
	again  int        // deliveries after the first, of all rounds
	allow  int        // how many of them there may be
	rounds int
	crowds int
}

// newOrdeal starts a cluster. The sink must be within reach of the nodes.
func newOrdeal(t *testing.T, s *sink, hosts fleet.Hosts) *ordeal {
	t.Helper()
	return newOrdealOf(t, buildProgram(t, ""), s, hosts)
}

// newOrdealOf does the same with nodes that run a given program.
func newOrdealOf(t *testing.T, program string, s *sink, hosts fleet.Hosts) *ordeal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), healing)
	defer cancel()
	f, err := fleet.Start(ctx, fleet.Options{
		Program: program, Sink: s.url, Hosts: hosts,
		Settings: map[string]any{"log.ackWait": "5s", "bridge.workers.normal": faultWorkers},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := &ordeal{t: t, Fleet: f, sink: s}
	t.Cleanup(o.end)
	return o
}

// end wants the nodes to have had no accident of their own.
func (o *ordeal) end() {
	for _, n := range o.Nodes() {
		log, err := os.ReadFile(n.Log())
		if err != nil {
			o.t.Error(err)
		}
		for _, word := range []string{"panic:", "fatal error:", "SIGQUIT"} {
			if i := bytes.Index(log, []byte(word)); i >= 0 {
				o.t.Errorf("%s says:\n%s", n.Name, log[i:min(len(log), i+4000)])
			}
		}
		if o.t.Failed() {
			o.t.Logf("the last of %s:\n%s", n.Name, log[max(0, len(log)-6000):])
		}
	}
	if err := o.Close(); err != nil {
		o.t.Error(err)
	}
}

// suffer has all faults happen, each when the one before it has healed: once, or as often as CRIER_SOAK says, in an order
// chosen by lot.
func (o *ordeal) suffer(faults []fault) {
	rounds, soak := soakRounds(o.t)
	for round := range rounds {
		order := rand.Perm(len(faults))
		for i := range faults {
			f := faults[i]
			if soak {
				f = faults[order[i]]
			}
			if !o.t.Run(fmt.Sprintf("%d-%s", round+1, f.name), func(t *testing.T) { o.on(t, f) }) {
				return // what follows would say nothing
			}
		}
	}
}

// soakRounds is how often all faults happen.
func soakRounds(t *testing.T) (rounds int, soak bool) {
	t.Helper()
	text := os.Getenv("CRIER_SOAK")
	if text == "" {
		return 1, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CRIER_SOAK=%s is no number of rounds", text)
	}
	return n, true
}

// on has one fault happen under load and checks what every fault must leave behind.
func (o *ordeal) on(t *testing.T, f fault) {
	whole := o.t
	o.t = t
	defer func() { o.t = whole }()
	o.whole()
	c := newCrowd(o)
	c.flows(40)
	c.faultBegins()
	f.strike(o)
	struck := time.Now()
	o.whole()
	healed := time.Since(struck)
	c.flows(20)
	c.finish()
	o.count(f, c, healed)
}

// whole waits until all nodes say that all is whole.
func (o *ordeal) whole() {
	o.t.Helper()
	o.within(healing, o.Healed)
}

// within does something that may take so long.
func (o *ordeal) within(limit time.Duration, do func(context.Context) error) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), limit)
	defer cancel()
	if err := do(ctx); err != nil {
		o.t.Fatal(err)
	}
}

// must wants no error.
func (o *ordeal) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// lead makes a node the leader of everything.
func (o *ordeal) lead(node string) {
	o.t.Helper()
	o.within(time.Minute, func(ctx context.Context) error { return o.Lead(ctx, node) })
}

// lasts is how long a fault goes on.
func (o *ordeal) lasts(d time.Duration) { pause(o.t.Context(), d) }

// probed is what the transaction ids begin with of messages that are published once and not insisted on.
const probed = "probe-"

// longer is a time or number for every run, or a larger one to soak.
func longer[T any](d, soak T) T {
	if os.Getenv("CRIER_SOAK") != "" {
		return soak
	}
	return d
}

// explain tells what the nodes say of messages that did not come.
func (o *ordeal) explain(lost []string) {
	o.t.Helper()
	for _, l := range lost[:min(len(lost), 3)] {
		umid, _, _ := strings.Cut(l, " ")
		for _, node := range []string{fleet.N1, fleet.N2} {
			m, err := o.Client(fleet.Publisher, node).Message(o.t.Context(), umid)
			o.t.Logf("%s says of %s: received %v, %+v, first sent %v, %v", node, umid, m.ReceivedAt, m.Status, m.FirstSentAt, err)
		}
	}
}

// count lays what clients were told beside what came, and what the nodes hold beside each other.
func (o *ordeal) count(f fault, c *crowd, healed time.Duration) {
	o.t.Helper()
	o.rounds++
	o.told = append(o.told, c.told()...)
	o.sink.await(o.t, o.told, 2*time.Minute)
	lost, again, foreign := o.sink.compare(o.told)
	o.allow += f.hits * faultWorkers
	_, slowest := c.waited()
	o.t.Logf("%s: %d acknowledged, longest silence %v, longest publish %v, healed after %v, %d lost, %d delivered again (%d in all; at most %d were at the provider)",
		f.name, len(c.told()), c.silence().Round(time.Millisecond), slowest, healed.Round(time.Millisecond),
		len(lost), again-o.again, again, o.allow)
	o.again = again
	foreign = slices.DeleteFunc(foreign, func(d string) bool { return strings.Contains(d, " "+probed) }) // who was refused may have been heard
	o.explain(lost)
	for what, list := range map[string][]string{"lost": lost, "never acknowledged, and delivered": foreign, "refused": c.refused()} {
		if len(list) > 0 {
			o.t.Errorf("%d %s, such as %s", len(list), what, list[0])
		}
	}
	if again > o.allow {
		o.t.Errorf("%d came twice, at most %d were at the provider", again, o.allow)
	}
	began := time.Now()
	o.within(healing, o.Alike)
	o.t.Logf("all copies were alike after %v more", time.Since(began).Round(time.Millisecond))
}
