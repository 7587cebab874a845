package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// importRows is how many rows the benchmark uploads; CRIER_ROWS says otherwise.
const importRows = 200_000

// BenchmarkImport measures an upload of subscribers, as NDJSON in one request, until all are sealed and durable, and what
// it takes of processor and memory. The client that makes the rows runs in the same process. Then the same upload once more,
// of which nobody is new.
func BenchmarkImport(b *testing.B) {
	m := startBench(b, false)
	count := importRows
	if given, err := strconv.Atoi(os.Getenv("CRIER_ROWS")); err == nil {
		count = given
	}
	if _, err := m.know.rooms.Create(b.Context(), rooms.RoomConfig{Name: "import", Admins: []rooms.Client{"ministry-0"}}); err != nil {
		b.Fatal(err)
	}
	before := resident(b)
	stop := make(chan struct{})
	most := make(chan uint64)
	go func() {
		top := uint64(0)
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				top = max(top, resident(b))
			case <-stop:
				most <- top
				return
			}
		}
	}()
	for _, what := range []string{"new", "known"} {
		began, spent := time.Now(), processorTime(b)
		m.upload(b, count)
		took := time.Since(began)
		fmt.Printf("\nimport of %d %s: %.0f/s, %.1f µs of processor each\n",
			count, what, float64(count)/took.Seconds(), (processorTime(b)-spent).Seconds()*1e6/float64(count))
		if what == "new" {
			b.ReportMetric(float64(count)/took.Seconds(), "subscribers/s")
		}
	}
	close(stop)
	top := <-most
	fmt.Printf("resident at most %.0f MB, %.0f MB before\n", float64(top)/1e6, float64(before)/1e6)
	b.ReportMetric(0, "ns/op")
}

// upload posts rows as one request, as they are made.
func (m *bench) upload(b *testing.B, count int) {
	b.Helper()
	body, rows := io.Pipe()
	go func() {
		w := bufio.NewWriterSize(rows, 64<<10)
		for n := range count {
			fmt.Fprintf(w, `{"email":"person-%d@example.com","name":"Aida A.","language":"ky","attributes":{"district":"emme"}}`+"\n", n)
		}
		_ = w.Flush()
		_ = rows.Close()
	}()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, m.app.URL()+"/v1/rooms/import/subscribers", body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+m.tokens[0])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%d %s, %v", answer.StatusCode, text, err)
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
