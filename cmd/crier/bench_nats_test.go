package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// heardCalls is how many messages a latency is the median of.
const heardCalls = 1_000

// BenchmarkHear measures from the beginning of a publish over HTTP until a NATS client from outside has the message, and
// compares with a plain JetStream publish until a plain subscriber has it.
func BenchmarkHear(b *testing.B) {
	append, raw := rawHear(b)
	m := startBench(b, false)
	m.admitReader(b)
	nc, arrived := m.natsListener(b)
	defer nc.Close()
	publish := m.toAll(b, 0)
	got := latency(b, arrived, func(call int) { must(b, publish(call)) })
	fmt.Printf("\nHTTP publish to NATS subscriber, median   %.2f ms, of which the durable append %.2f ms: %.2f ms above it; raw publish to subscriber %.2f ms: %.2f × raw\n",
		ms(got), ms(append), ms(got-append), ms(raw), float64(got)/float64(raw))
	b.ReportMetric(ms(got-append), "ms-above-append")
	b.ReportMetric(float64(got)/float64(raw), "of-raw")
	b.ReportMetric(0, "ns/op")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// latency is the median time from the beginning of a publish until the message has arrived.
func latency(b *testing.B, arrived <-chan time.Time, publish func(call int)) time.Duration {
	b.Helper()
	var all []time.Duration
	for call := range heardCalls {
		began := time.Now()
		publish(1_000_000 + call)
		select {
		case at := <-arrived:
			all = append(all, at.Sub(began))
		case <-time.After(natsPatience):
			b.Fatal("nothing arrives")
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// rawHear is the same without crier: the median of a publish alone, and until a subscriber has the message.
func rawHear(b *testing.B) (publish, heard time.Duration) {
	b.Helper()
	s, err := broker.Start(b.Context(), broker.Options{Store: filepath.Join(b.TempDir(), "raw"), Key: "a storage key that only benchmarks use"})
	must(b, err)
	defer s.Stop()
	l, err := stream.Open(b.Context(), s, s.Manifest(), stream.Options{})
	must(b, err)
	defer l.Close()
	nc, err := s.Connect("raw")
	must(b, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	must(b, err)
	arrived := make(chan time.Time, 1)
	_, err = nc.Subscribe("live.>", func(*nats.Msg) { arrived <- time.Now() })
	must(b, err)
	var took []time.Duration
	heard = latency(b, arrived, func(int) {
		began := time.Now()
		_, err := js.Publish(b.Context(), "room.bench.normal.reminder", []byte(benchText))
		must(b, err)
		took = append(took, time.Since(began))
	})
	slices.Sort(took)
	return took[len(took)/2], heard
}

// admitReader lets the first client read the room.
func (m *bench) admitReader(b *testing.B) {
	b.Helper()
	room, err := m.know.rooms.Get(b.Context(), benchRoom)
	must(b, err)
	room.Readers = []rooms.Client{"ministry-0"}
	_, err = m.know.rooms.Put(b.Context(), room)
	must(b, err)
}

// natsListener hears the room, and tells when each message has come.
func (m *bench) natsListener(b *testing.B) (*nats.Conn, chan time.Time) {
	b.Helper()
	nc, err := nats.Connect(m.app.nats, nats.Token(m.tokens[0]))
	must(b, err)
	arrived := make(chan time.Time, 100_000)
	_, err = nc.Subscribe("live."+benchRoom+".>", func(*nats.Msg) { arrived <- time.Now() })
	must(b, err)
	must(b, nc.Flush())
	return nc, arrived
}

// BenchmarkLogins measures how many NATS clients come in per second, and what that does to live traffic.
func BenchmarkLogins(b *testing.B) {
	const logins, crowd = 3_000, 8
	m := startBench(b, false)
	m.admitReader(b)
	nc, arrived := m.natsListener(b)
	defer nc.Close()
	publish := m.toAll(b, 0)
	quiet := latency(b, arrived, func(call int) { must(b, publish(call)) })
	var left atomic.Int64
	left.Store(logins)
	var all sync.WaitGroup
	began := time.Now()
	for range crowd {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				one, err := nats.Connect(m.app.nats, nats.Token(m.tokens[0]), nats.Timeout(natsPatience))
				if err != nil {
					b.Error(err)
					return
				}
				one.Close()
			}
		})
	}
	took := make(chan time.Duration, 1)
	go func() { all.Wait(); took <- time.Since(began) }()
	busy := latency(b, arrived, func(call int) { must(b, publish(heardCalls+call)) })
	rate := logins / (<-took).Seconds()
	fmt.Printf("\nlogins by NATS   %.0f/s; HTTP publish to NATS subscriber, median, %.2f ms meanwhile, %.2f ms before: %.2f ×\n",
		rate, ms(busy), ms(quiet), float64(busy)/float64(quiet))
	b.ReportMetric(rate, "logins/s")
	b.ReportMetric(float64(busy)/float64(quiet), "of-quiet")
	b.ReportMetric(0, "ns/op")
}
