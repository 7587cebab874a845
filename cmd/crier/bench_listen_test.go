package main

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// benchListeners are on one node.
const benchListeners = 5000

// BenchmarkListeners has 5,000 clients listen to one room by server-sent events and publishes to it: how long until the
// last one has the message, counted from the moment before it is published, and what each costs in memory.
func BenchmarkListeners(b *testing.B) {
	m := startBench(b, true)
	m.readers(b)
	before := memory()
	lines := make([]*bufio.Reader, benchListeners)
	for i := range lines {
		lines[i] = m.listener(b, i)
	}
	perListener := (memory() - before) / benchListeners
	publish := m.roomPublisher(b)
	var took []time.Duration
	for round := range 10 {
		took = append(took, m.round(b, lines, publish, round))
	}
	_ = m.crew.stop() // before its folder goes
	slices.Sort(took)
	fmt.Printf("\nlisteners: %d by SSE, one node, %d cores, client and server in one process: the last one has a message %s after it was sent (median of %d, worst %s); %.1f KiB of memory each, client included\n",
		benchListeners, runtime.NumCPU(), took[len(took)/2].Round(time.Millisecond), len(took), took[len(took)-1].Round(time.Millisecond), float64(perListener)/1024)
	b.ReportMetric(took[len(took)/2].Seconds(), "s-to-the-last")
	b.ReportMetric(float64(perListener), "B/listener")
	b.ReportMetric(0, "ns/op")
}

// readers has all clients of the benchmark read the room.
func (m *bench) readers(b *testing.B) {
	b.Helper()
	room, err := m.know.rooms.Get(b.Context(), benchRoom)
	if err != nil {
		b.Fatal(err)
	}
	for n := range benchTokens {
		room.Readers = append(room.Readers, rooms.Client(fmt.Sprintf("ministry-%d", n)))
	}
	if _, err := m.know.rooms.Put(b.Context(), room); err != nil {
		b.Fatal(err)
	}
}

// memory is what the process has of it in use.
func memory() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapInuse + s.StackInuse
}

// listener opens a stream and reads its beginning.
func (m *bench) listener(b *testing.B, n int) *bufio.Reader {
	b.Helper()
	conn, err := net.Dial("tcp", m.address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "GET /v1/rooms/%s/stream HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", benchRoom, m.address, m.tokens[n%benchTokens])
	r := bufio.NewReaderSize(conn, 1024)
	status, err := r.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200") {
		b.Fatalf("listener %d: %q, %v", n, status, err)
	}
	if err := skipTo(r, "id: "); err != nil {
		b.Fatal(err)
	}
	return r
}

// skipTo reads lines up to one that begins so.
func skipTo(r *bufio.Reader, begin string) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || strings.HasPrefix(string(line), begin) {
			return err
		}
	}
}

// roomPublisher publishes to all who read the room.
func (m *bench) roomPublisher(b *testing.B) func(n int) error {
	w := dialWire(b, m.address, "/v1/rooms/"+benchRoom+"/messages", m.tokens[0])
	return func(n int) error {
		body, err := json.Marshal(v1.Publish{TransactionID: fmt.Sprint("l-", n), Type: "reminder", Content: v1.Text{Text: benchText}})
		if err != nil {
			return err
		}
		return w.post(string(body))
	}
}

// round publishes one message and waits until all have it.
func (m *bench) round(b *testing.B, lines []*bufio.Reader, publish func(int) error, n int) time.Duration {
	b.Helper()
	var all sync.WaitGroup
	for _, r := range lines {
		all.Go(func() {
			if err := skipTo(r, "event: message"); err != nil {
				b.Error(err)
			}
		})
	}
	began := time.Now()
	if err := publish(n); err != nil {
		b.Fatal(err)
	}
	all.Wait()
	return time.Since(began)
}
