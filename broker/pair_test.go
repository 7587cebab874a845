package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

// pairOf runs a pair with a stream and a consumer, all led by one of them.
func pairOf(t *testing.T, leader string) *brokertest.Cluster {
	t.Helper()
	c := brokertest.StartCluster(t, broker.Pair)
	js := replicated(t, c.Servers[0])
	config := jetstream.StreamConfig{Name: "THINGS", Subjects: []string{"thing.>"}, Replicas: 2, Retention: jetstream.WorkQueuePolicy}
	if _, err := js.CreateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateConsumer(t.Context(), "THINGS", jetstream.ConsumerConfig{Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "thing.a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	awaitHealed(t, c.Servers[0])
	if _, err := c.Servers[0].StepDown(t.Context(), "", leader); err != nil {
		t.Fatal(err)
	}
	return c
}

func awaitHealed(t *testing.T, s *broker.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if err := s.Await(ctx, s.Node(), func(now string) { t.Log(now) }); err != nil {
		t.Fatal(err)
	}
}

func publishes(t *testing.T, s *broker.Server, within time.Duration) error {
	t.Helper()
	js := replicated(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		attempt, done := context.WithTimeout(ctx, 500*time.Millisecond)
		_, err := js.Publish(attempt, "thing.b", []byte("2"))
		done()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func promote(t *testing.T, s *broker.Server, peer string) {
	t.Helper()
	began := time.Now()
	if err := s.Promote(t.Context(), peer, func(step string) { t.Logf("%v %s", time.Since(began).Round(time.Millisecond), step) }); err != nil {
		t.Fatal(err)
	}
	if err := publishes(t, s, time.Minute); err != nil {
		t.Fatalf("no publish after the promotion: %v", err)
	}
	t.Logf("promoted in %v", time.Since(began).Round(time.Millisecond))
}

func TestPairWaitsUntilAPersonPromotes(t *testing.T) {
	t.Parallel() // most of it is waiting
	for name, leader := range map[string]string{"the leader died": "n1", "the follower died": "n2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := pairOf(t, leader)
			if err := c.Servers[1].Promote(t.Context(), "n1", func(string) {}); !errors.Is(err, broker.ErrPeerAlive) {
				t.Fatalf("promotion beside a living peer: %v", err)
			}
			c.Servers[0].Stop()
			if err := publishes(t, c.Servers[1], 4*time.Second); err == nil {
				t.Error("one half of a pair took a publish by itself")
			}
			promote(t, c.Servers[1], "n1")
			c.Start(t, 0)
			c.Ready(t)
			awaitHealed(t, c.Servers[1])
		})
	}
}

func TestPairPromotesAfterAColdBoot(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := pairOf(t, "n1")
	c.Servers[0].Stop()
	c.Servers[1].Stop()
	c.Start(t, 1)
	promote(t, c.Servers[1], "n1")
	c.Servers[1].Stop()
	c.Start(t, 1) // still alone
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := c.Servers[1].Ready(ctx); err != nil {
		t.Fatal(err)
	}
	if err := publishes(t, c.Servers[1], time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Start(t, 0)
	c.Ready(t)
	awaitHealed(t, c.Servers[1])
}
