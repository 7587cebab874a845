package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// together runs a call from many clients for a while and reports calls per second and the
// median and 99th percentile of their durations.
func together(b *testing.B, clients int, call func(n int) error) {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	start := time.Now()
	end := start.Add(3 * time.Second)
	for range clients {
		all.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) {
				t := time.Now()
				if err := call(int(next.Add(1))); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	all.Wait()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/time.Since(start).Seconds(), "calls/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAppend compares appends to the room's log, which share commits, with plain publishes
// into the same stream, which do not.
func BenchmarkAppend(b *testing.B) {
	for _, clients := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("crier/%d", clients), func(b *testing.B) {
			l := start(b)
			together(b, clients, func(n int) error {
				_, _, err := l.Append(context.Background(), message(n))
				return err
			})
		})
		b.Run(fmt.Sprintf("raw/%d", clients), func(b *testing.B) {
			s := brokertest.Start(b)
			l, err := stream.Open(b.Context(), s, s.Manifest(), stream.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			js, err := jetstream.New(brokertest.Connect(b, s, "raw"))
			if err != nil {
				b.Fatal(err)
			}
			m := message(0)
			together(b, clients, func(n int) error {
				_, err := js.PublishMsg(context.Background(), &nats.Msg{
					Subject: rooms.MessageSubject(false, m.Room, m.Lane, m.Type), Data: make([]byte, 300),
					Header: nats.Header{"Nats-Msg-Id": {fmt.Sprint(n)}},
				})
				return err
			})
		})
	}
}

// BenchmarkTail reads a log of events from its beginning.
func BenchmarkTail(b *testing.B) {
	l := start(b)
	const count = 50_000
	for n := 0; n < count; n += 1000 {
		events := make([]rooms.Event, 1000)
		for i := range events {
			events[i] = rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: umid(n), N: i, Attempt: 1, At: time.Now().UTC()}
		}
		if err := l.Record(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
	enough := errors.New("enough")
	b.ResetTimer()
	for range b.N {
		got := 0
		err := l.TailEvents(b.Context(), 0, func(es []rooms.Event) error {
			if got += len(es); got == count {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}
