package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

// nodes are three servers, each with its log.
type nodes struct {
	*brokertest.Cluster
	logs []*Log
}

func startNodes(t *testing.T) *nodes {
	t.Helper()
	n := &nodes{Cluster: brokertest.StartCluster(t, broker.Cluster)}
	n.open(t)
	return n
}

// open opens the logs of all nodes at the same time, as when all of them boot.
func (n *nodes) open(t *testing.T) {
	t.Helper()
	type opened struct {
		log *Log
		err error
	}
	n.logs = make([]*Log, len(n.Servers))
	all := make([]chan opened, len(n.Servers))
	for i, s := range n.Servers {
		all[i] = make(chan opened, 1)
		go func() {
			l, err := Open(t.Context(), s, s.Manifest(), Options{Replicas: 3, CommitTimeout: 30 * time.Second}) // a busy machine is slow
			all[i] <- opened{l, err}
		}()
	}
	for i := range all {
		o := <-all[i]
		if o.err != nil {
			t.Fatalf("open the log of %s: %v", n.Options[i].Node, o.err)
		}
		t.Cleanup(o.log.Close)
		n.logs[i] = o.log
	}
}

// leads gives the number of the node that leads a stream.
func (n *nodes) leads(t *testing.T, stream string) int {
	t.Helper()
	found := -1
	until(t, func() error {
		s, err := n.logs[0].read.Stream(t.Context(), stream)
		if err != nil {
			return err
		}
		for i, o := range n.Options {
			if s.CachedInfo().Cluster.Leader == o.Node {
				found = i
			}
		}
		if found < 0 {
			return errors.New("no leader")
		}
		return nil
	})
	return found
}

// preferred asks for a leader by name.
func preferred(node string) any {
	return map[string]any{"placement": map[string]string{"preferred": node}}
}

// makeLeader has a node lead a stream.
func (n *nodes) makeLeader(t *testing.T, stream string, node int) {
	t.Helper()
	until(t, func() error {
		if now := n.leads(t, stream); now != node {
			_ = n.logs[node].api(t.Context(), "STREAM.LEADER.STEPDOWN."+stream, preferred(n.Options[node].Node), &answer{})
			return fmt.Errorf("%s is led by %s", stream, n.Options[now].Node)
		}
		return nil
	})
}

// until repeats a look until it finds nothing wrong, and fails with what was wrong last.
func until(t *testing.T, look func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for {
		err := look()
		if err == nil {
			return
		}
		pause(ctx, 5*time.Millisecond)
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func someMessage(n int) rooms.Message {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return rooms.Message{Header: rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: "newborn", Type: "t", Lane: rooms.Normal,
		TxID: fmt.Sprint(n), Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: now, ExpiresAt: now}, Payload: []byte("{}")}
}

func (n standing) TestEverythingStandsOnThreeNodes(t *testing.T) {
	js := n.logs[0].read
	for _, s := range append(n.logs[0].options.streams(), jetstream.StreamConfig{Name: streamConfig}, jetstream.StreamConfig{Name: "KV_" + bucketLeases}) {
		until(t, func() error {
			str, err := js.Stream(t.Context(), s.Name)
			if err != nil {
				return err
			}
			if c := str.CachedInfo().Cluster; len(c.Replicas) != 2 {
				return fmt.Errorf("%s stands on %v", s.Name, c)
			}
			return nil
		})
	}
	for _, d := range consumers() {
		until(t, func() error {
			c, err := js.Consumer(t.Context(), d.stream, d.name)
			if err != nil {
				return err
			}
			if c := c.CachedInfo().Cluster; len(c.Replicas) != 2 {
				return fmt.Errorf("consumer %s of %s stands on %v", d.name, d.stream, c)
			}
			return nil
		})
	}
}

// makeConsumerLeader has a node lead a durable consumer.
func (n *nodes) makeConsumerLeader(t *testing.T, stream, consumer string, node int) {
	t.Helper()
	name := n.Options[node].Node
	until(t, func() error {
		info, err := n.logs[node].consumer(t.Context(), stream, consumer)
		if err != nil || info.Cluster.Leader == name {
			return err
		}
		_ = n.logs[node].api(t.Context(), "CONSUMER.LEADER.STEPDOWN."+stream+"."+consumer, preferred(name), &answer{})
		return fmt.Errorf("%s is led by %s", consumer, info.Cluster.Leader)
	})
}
