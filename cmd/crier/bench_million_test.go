package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

const (
	millionAudience    = 1_000_000
	millionEmergencies = 200
)

// BenchmarkMillion makes one message to a million subscribers jobs of the bulk lane, as BenchmarkFanout does with
// 100,000. Then it measures emergencies that are published behind them: from the request until the provider has
// them, while all workers of the bulk lane wait for a provider that takes a second for each, while they send as fast as they can, and,
// for comparison, while nothing else is sent.
func BenchmarkMillion(b *testing.B) {
	m := startBench(b, false)
	sink := newMillionSink(b)
	m.app.config.Sandbox.URL = sink.url
	m.fanOut(b, millionAudience)
	if err := m.app.startDelivery(b.Context(), m.crew, m.store, m.know); err != nil {
		b.Fatal(err)
	}
	sink.await(b, m.app.config.Bridge.Workers.Bulk)
	slow := m.emergencies(b, sink, "slow")
	sink.goOn(0)
	sink.await(b, 10_000)
	fast := m.emergencies(b, sink, "fast")
	fmt.Printf("\nemergency behind %d bulk jobs, until it is at the provider:\n  every bulk worker waiting   p50 %7.2f ms   p99 %7.2f ms   worst %7.2f ms\n"+
		"  bulk at full speed          p50 %7.2f ms   p99 %7.2f ms   worst %7.2f ms\n",
		millionAudience, ms(slow.p50), ms(slow.p99), ms(slow.worst), ms(fast.p50), ms(fast.p99), ms(fast.worst))
	b.ReportMetric(ms(slow.p99), "p99-ms-waiting")
	b.ReportMetric(ms(fast.p99), "p99-ms-full-speed")
	b.ReportMetric(0, "ns/op")
}

// latencies are what a number of emergencies took.
type latencies struct{ p50, p99, worst time.Duration }

// emergencies publishes one after the other, each to one person, and measures each.
func (m *bench) emergencies(b *testing.B, s *millionSink, round string) latencies {
	b.Helper()
	w := m.wire(b, 1)
	var all []time.Duration
	for n := range millionEmergencies {
		to := fmt.Sprintf("+9997%s%07d", map[string]string{"slow": "1", "fast": "2"}[round], n)
		came := s.expect(to)
		began := time.Now()
		if err := w.post(fmt.Sprintf(`{"transactionId":"e-%s-%d","type":"alert","lane":"emergency","content":{"text":"%s"},"recipients":[{"phone":"%s"}]}`, round, n, benchText, to)); err != nil {
			b.Fatal(err)
		}
		select {
		case at := <-came:
			all = append(all, at.Sub(began))
		case <-time.After(time.Minute):
			b.Fatalf("the emergency to person %d did not come", n)
		}
	}
	slices.Sort(all)
	return latencies{all[len(all)/2], all[len(all)*99/100], all[len(all)-1]}
}

// millionSink is a provider that takes its time for bulk, and none for emergencies.
type millionSink struct {
	url string

	mu     sync.Mutex
	takes  time.Duration
	bulk   int
	wanted map[string]chan time.Time
	fast   chan struct{} // closed once it takes no time any more
}

func newMillionSink(b *testing.B) *millionSink {
	s := &millionSink{takes: time.Second, wanted: map[string]chan time.Time{}, fast: make(chan struct{})}
	server := httptest.NewServer(s)
	b.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *millionSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var d arrival
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &d) != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	if d.Lane != rooms.Bulk {
		s.mu.Lock()
		defer s.mu.Unlock()
		if came := s.wanted[d.To]; came != nil {
			came <- at
			delete(s.wanted, d.To)
		}
		return
	}
	s.mu.Lock()
	s.bulk++
	takes := s.takes
	s.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-s.fast:
		}
	}
}

// expect tells when somebody is reached.
func (s *millionSink) expect(to string) <-chan time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	came := make(chan time.Time, 1)
	s.wanted[to] = came
	return came
}

// goOn has each further delivery of the bulk lane take so long.
func (s *millionSink) goOn(takes time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes = takes
	close(s.fast)
}

// await waits until so many deliveries of the bulk lane have come.
func (s *millionSink) await(b *testing.B, count int) {
	b.Helper()
	eventually(b, 5*time.Minute, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.bulk < count {
			return fmt.Sprintf("%d of %d came", s.bulk, count)
		}
		return ""
	})
}
