package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms/stream"
)

const benchTime = 4 * time.Second

// printConditions says under which conditions the benchmarks of this package measure.
func printConditions() {
	fmt.Printf("\nconditions: one node, %d cores, encryption on (ChaCha20), every write on disk before it is answered (SyncAlways), audit on,\n"+
		"  index folding, %d clients with a token of their own, distinct transaction ids, %d bytes of text, one named recipient,\n"+
		"  clients and server in one process, HTTP over loopback; raw: JetStream publishes one by one from as many goroutines, same settings\n",
		runtime.NumCPU(), benchTokens, len(benchText))
}

// BenchmarkPublish compares durable publishes over HTTP with plain JetStream publishes, one by
// one, into a stream of the same settings in the same process.
func BenchmarkPublish(b *testing.B) {
	printConditions()
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) {
			raw := rawPublish(b, n)
			fmt.Printf("\npublish, %3d clients   raw JetStream    %v\n", n, raw)
			for _, fanout := range []bool{false, true} {
				m := startBench(b, fanout)
				got := m.publish(b, n, 1_000_000, benchTime)
				lag := m.folded(b)
				fmt.Printf("publish, %3d clients   fan-out %-5v    %v   %.2f × raw, p50 %+.2f ms, index %.1f s later\n",
					n, fanout, got, got.perSecond/raw.perSecond, ms(got.p50-raw.p50), lag.Seconds())
				b.ReportMetric(got.perSecond/raw.perSecond, fmt.Sprintf("of-raw-fanout-%v", fanout))
				_ = m.crew.stop()
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkIndexCatchesUp publishes 100,000 messages as fast as it goes and asks how long the
// index needs after the last.
func BenchmarkIndexCatchesUp(b *testing.B) {
	m := startBench(b, false)
	got := m.publish(b, 256, 100_000, 5*time.Minute)
	lag := m.folded(b)
	fmt.Printf("\nindex, after %d publishes at %.0f/s: whole %.1f s after the last\n", got.count, got.perSecond, lag.Seconds())
	read := clients(b, 4, 20_000, time.Minute, func() func(int) error { return m.reader(b) })
	fmt.Printf("status of one of %d messages: %v\n", got.count, read)
	b.ReportMetric(lag.Seconds(), "s-behind")
	b.ReportMetric(ms(read.p99), "ms-status-p99")
	b.ReportMetric(0, "ns/op")
}

// reader asks the index for messages that it has, one after the other.
func (m *bench) reader(b *testing.B) func(int) error {
	list, next, err := m.know.index.Messages(benchRoom, "", 1000)
	if err != nil {
		b.Fatal(err)
	}
	_ = next
	return func(call int) error {
		_, err := m.know.index.Message(list[call%len(list)].UMID)
		return err
	}
}

func (m *bench) publish(b *testing.B, n, count int, limit time.Duration) measured {
	b.Helper()
	next := 0
	return clients(b, n, count, limit, func() func(int) error {
		next++
		return m.publisher(b, next)
	})
}

// rawPublish publishes into a room's log without crier.
func rawPublish(b *testing.B, n int) measured {
	b.Helper()
	s, err := broker.Start(b.Context(), broker.Options{Store: filepath.Join(b.TempDir(), "raw"), Key: "a storage key that only benchmarks use"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	l, err := stream.Open(b.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return publishRaw(b, s, n)
}

// publishRaw publishes from several clients, one by one, into the stream of rooms.
func publishRaw(b *testing.B, s *broker.Server, n int) measured {
	b.Helper()
	nc, err := s.Connect("raw")
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	return clients(b, n, 1_000_000, benchTime, func() func(int) error {
		return func(call int) error {
			_, err := js.PublishMsg(context.Background(), &nats.Msg{Subject: "room.bench.normal.reminder", Data: []byte(benchText),
				Header: nats.Header{"Nats-Msg-Id": {fmt.Sprint(call)}}})
			return err
		}
	})
}
