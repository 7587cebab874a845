package stream

import (
	"context"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

// A subscriber who was changed and then removed is gone from the disk of every node once their RAFT logs are compacted.
func TestErasedSubscriberLeavesEveryNode(t *testing.T) {
	n := &nodes{Cluster: brokertest.NewCluster(t, broker.Cluster)}
	for i := range n.Options {
		n.Options[i].Key, n.Options[i].Encryption = "", "off"
	}
	n.StartAll(t)
	n.open(t)
	l := n.logs[0]
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 50)); err != nil {
		t.Fatal(err)
	}
	subs, err := l.Subscribers(t.Context(), "newborn", 0, 100)
	if err != nil || len(subs) != 50 {
		t.Fatal(len(subs), err)
	}
	first := subs[20]
	changed := next(first, someSubscribers(0, 1)[0])
	if _, err := l.UpdateSubscriber(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", changed.ID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		if err = n.Servers[1].Compact(ctx, PersonalStreams()...); err == nil || ctx.Err() != nil {
			break // a busy machine may be slow
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range n.Options {
		if onDisk(t, o.Store, first) || onDisk(t, o.Store, changed) || !onDisk(t, o.Store, subs[0]) {
			t.Errorf("node %d has who was erased on disk, or not the others", i+1)
		}
	}
}
