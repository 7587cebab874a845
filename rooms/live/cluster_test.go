package live_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/stream"
)

// rigs are three nodes, each with its log and hub.
func rigs(t *testing.T, c *brokertest.Cluster) []*rig {
	t.Helper()
	all := make([]*rig, len(c.Servers))
	var group sync.WaitGroup
	for i, s := range c.Servers {
		group.Go(func() {
			l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{Replicas: 3, CommitTimeout: 30 * time.Second})
			if err != nil {
				t.Error(err)
				return
			}
			r := &rig{T: t, log: l, rendered: map[uint64]int{}}
			r.hub = live.New(l, r.render, live.Options{Buffer: 500, VerifyEvery: 100 * time.Millisecond})
			all[i] = r
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, r := range all {
		t.Cleanup(r.log.Close)
		t.Cleanup(r.hub.Close)
	}
	return all
}

// leader gives the node that leads the log of rooms.
func leader(t *testing.T, c *brokertest.Cluster) (node int) {
	t.Helper()
	js, err := jetstream.New(brokertest.Connect(t, c.Servers[0], "leader"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		s, err := js.Stream(t.Context(), "ROOMS")
		if err != nil {
			return err
		}
		node = slices.IndexFunc(c.Options, func(o broker.Options) bool { return o.Node == s.CachedInfo().Cluster.Leader })
		if node < 0 {
			return fmt.Errorf("no leader")
		}
		return nil
	})
	return node
}

// The leader of the log is stopped while messages are published and others listen, on all nodes. Those
// on the stopped one go on elsewhere. Nobody misses anything or gets it twice.
func TestLeaderIsStoppedMeanwhile(t *testing.T) {
	c := brokertest.StartCluster(t, broker.Cluster)
	nodes := rigs(t, c)
	dead := leader(t, c)
	left := []*rig{nodes[(dead+1)%3], nodes[(dead+2)%3]}
	const count = 200
	var all sync.WaitGroup
	var got [9][]uint64
	for i := range got {
		l := nodes[i%3].listen(after(0))
		all.Go(func() {
			if i%3 != dead {
				got[i] = nodes[i%3].take(l, count)
				return
			}
			first, at := some(l, count/4)
			got[i] = append(first, left[i%2].take(left[i%2].listen(after(at)), count-len(first))...)
		})
	}
	publisher := left[0]
	for i := range count {
		if i == count/2 {
			go c.Servers[dead].Stop()
		}
		publisher.publish(1, nil)
	}
	all.Wait()
	for i := range got {
		if !slices.Equal(got[i], publisher.sent) {
			t.Errorf("listener %d got %d messages, or others than the %d that were published", i, len(got[i]), len(publisher.sent))
		}
	}
}

// some takes at least so many messages, and gives the position reached.
func some(l *live.Listener, count int) (got []uint64, at uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for len(got) < count {
		events, more, err := l.Next(ctx)
		if err != nil {
			break
		}
		for _, e := range events {
			got = append(got, e.Sequence)
		}
		if len(events) == 0 {
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
	}
	return got, l.At()
}
