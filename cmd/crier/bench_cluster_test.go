package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms/stream"
)

// BenchmarkPublishReplicated compares durable publishes over HTTP on a cluster of three with plain JetStream publishes, one
// by one, into a stream of the same settings on a cluster of three; all nodes and clients are in this process.
func BenchmarkPublishReplicated(b *testing.B) {
	before := runtime.GOMAXPROCS(0)
	useCores(os.Getenv)
	useMemory(os.Getenv)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) {
			raw := rawReplicated(b, n)
			fmt.Printf("\npublish on three nodes, %3d clients   raw JetStream    %v\n", n, raw)
			for _, fanout := range []bool{false, true} {
				got := replicatedPublish(b, n, fanout)
				fmt.Printf("publish on three nodes, %3d clients   fan-out %-5v    %v   %.2f × raw\n", n, fanout, got, got.perSecond/raw.perSecond)
				b.ReportMetric(got.perSecond/raw.perSecond, fmt.Sprintf("of-raw-fanout-%v", fanout))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// rawReplicated publishes into a room's log on a cluster, without crier.
func rawReplicated(b *testing.B, n int) measured {
	b.Helper()
	c := brokertest.StartCluster(b, broker.Cluster)
	defer c.Stop()
	s := c.Servers[0]
	l, err := stream.Open(b.Context(), s, s.Manifest(), stream.Options{Replicas: c.Options[0].Replicas()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	lead(b, s)
	return publishRaw(b, s, n)
}

// lead moves all leaders to a node, where the clients are.
func lead(b *testing.B, s *broker.Server) {
	b.Helper()
	eventually(b, time.Minute, func() string {
		if _, err := s.StepDown(b.Context(), "", s.Node()); err != nil {
			return err.Error()
		}
		st, err := s.Status(b.Context())
		if err != nil || !st.Healed {
			return fmt.Sprint(st.Words, err)
		}
		return ""
	})
}

// replicatedPublish publishes over HTTP to one node of a cluster, the others of which only hold and vote.
func replicatedPublish(b *testing.B, n int, fanout bool) measured {
	b.Helper()
	c := brokertest.NewCluster(b, broker.Cluster)
	log := slog.New(slog.DiscardHandler)
	m := &bench{crew: newCrew(log)}
	defer func() { _ = m.crew.stop() }()
	conf := benchConfig(b, "sandbox.receipts=none")
	conf.Broker = c.Options[0]
	conf = conf.Complete()
	m.issue(b, &conf)
	m.app = newApp(conf, log)
	others := make(chan error, 1)
	go func() { others <- c.StartOthers(0) }()
	if err := m.start(b.Context(), fanout); err != nil {
		b.Fatal(err)
	}
	defer c.Stop()
	if err := <-others; err != nil {
		b.Fatal(err)
	}
	m.address = m.app.listeners[0].Addr().String()
	m.room(b)
	lead(b, m.store.broker)
	return m.publish(b, n, 1_000_000, benchTime)
}
