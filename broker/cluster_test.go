package broker_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

func replicated(t *testing.T, s *broker.Server) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(brokertest.Connect(t, s, "test"))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestClusterHoldsWhatOneNodeLost(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.StartCluster(t, broker.Cluster)
	js := replicated(t, c.Servers[0])
	config := jetstream.StreamConfig{Name: "THINGS", Subjects: []string{"thing.>"}, Replicas: 3}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "thing.a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	c.Servers[0].Stop()
	js = replicated(t, c.Servers[1])
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := js.Publish(ctx, "thing.b", []byte("2"), jetstream.WithRetryAttempts(100)); err != nil {
		t.Fatal(err)
	}
	c.Start(t, 0)
	c.Ready(t)
	s, err := replicated(t, c.Servers[0]).Stream(ctx, "THINGS")
	if err != nil {
		t.Fatal(err)
	}
	if n := s.CachedInfo().State.Msgs; n != 2 {
		t.Errorf("%d messages after the return, want 2", n)
	}
}

func TestNodeThatLostItsStoreIsRefused(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.StartCluster(t, broker.Cluster)
	c.Servers[2].Stop()
	if err := os.RemoveAll(c.Options[2].Store); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and is refused again
		if err := start(t, c.Options[2]); !errors.Is(err, broker.ErrForgotten) {
			t.Fatalf("a node with an empty store and a known name: %v", err)
		}
	}
}

func TestNodesThatDisagreeAreRefused(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.NewCluster(t, broker.Cluster)
	c.Options[2].Topology, c.Options[2].Cluster.Routes = broker.Pair, c.Options[2].Cluster.Routes[1:]
	c.Start(t, 0)
	c.Start(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := c.Servers[2].Ready(ctx); !errors.Is(err, broker.ErrDisagree) {
		t.Fatalf("a node of another topology: %v", err)
	}
}

func TestStoreOfASingleNodeJoinsNobody(t *testing.T) {
	dir := filled(t)
	c := brokertest.NewCluster(t, broker.Cluster)
	o := c.Options[0]
	o.Store, o.Key = dir, brokertest.Key
	if err := start(t, o); !errors.Is(err, broker.ErrTopology) {
		t.Fatalf("a single node's store in a cluster: %v", err)
	}
}

func TestCopiesAreCompared(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.StartCluster(t, broker.Cluster)
	js := replicated(t, c.Servers[0])
	config := jetstream.StreamConfig{Name: "THINGS", Subjects: []string{"thing.>"}, Replicas: 3}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := js.Publish(t.Context(), "thing.a", []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	copies, err := c.Servers[1].Copies(t.Context())
	if err != nil || len(copies) != 3 {
		t.Fatalf("%d copies, %v", len(copies), err)
	}
	for _, held := range copies {
		if held.Messages != 100 || !held.Alike(copies[0]) {
			t.Errorf("%+v is unlike %+v", held, copies[0])
		}
	}
}
