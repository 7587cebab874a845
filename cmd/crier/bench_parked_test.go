package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
)

const (
	parkedCount = 1_000_000
	parkedLimit = 10 * time.Minute // for all of it
)

// BenchmarkParked has a million deliveries wait for their next attempt, each as the bridge parks it. Then it starts the program
// on that store, after it was stopped and after it was killed, and measures the time until it is ready and until a provider
// is given what fell due meanwhile, and the memory that is resident.
func BenchmarkParked(b *testing.B) {
	program := buildProgram(b, "")
	store := filepath.Join(b.TempDir(), "store")
	due := time.Now().Add(parkedLimit / 2)
	park(b, store, due)
	fmt.Printf("\n%d deliveries wait for their next attempt, on disk %.0f MB\n", parkedCount, float64(sizeOf(b, store))/1e6)
	came := make(chan time.Time, 10)
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- time.Now() }))
	defer sink.Close()
	var slowest time.Duration
	var most float64
	for _, after := range []string{"stopped", "killed"} {
		began := time.Now()
		g := startGateway(b, program, store, "CRIER_CRASH=", "--set", "sandbox.url="+sink.URL, "--set", "sandbox.receipts=none")
		eventually(b, time.Minute, func() string { return notReady(g.API) })
		ready := time.Since(began)
		var first time.Duration
		select {
		case at := <-came:
			first = at.Sub(began)
		case <-time.After(time.Minute):
			b.Fatal("what is due does not come")
		}
		now, peak := memoryOf(b, g.process.Pid)
		fmt.Printf("after it was %s: ready in %.1f s, what was due is sent in %.1f s, resident %.0f MB, at most %.0f MB\n", after, ready.Seconds(), first.Seconds(), now, peak)
		slowest, most = max(slowest, ready, first), max(most, peak)
		g.kill()
		time.Sleep(time.Until(due)) // for the next one
	}
	b.ReportMetric(slowest.Seconds(), "s-restart")
	b.ReportMetric(most, "MB")
	b.ReportMetric(0, "ns/op")
}

// park fills a store: one delivery is due by then, another at a later time, the others tomorrow.
func park(b *testing.B, store string, later time.Time) {
	b.Helper()
	home, err := openDevStore(store)
	if err != nil {
		b.Fatal(err)
	}
	conf, err := devConfig(home, devFlags{address: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	m := startBenchOf(b, false, conf)
	job := m.oneJob(b)
	job.Attempt = 2
	began := time.Now()
	var n atomic.Int64
	group, ctx := errgroup.WithContext(b.Context())
	for range 4000 { // which go in commits of a thousand
		group.Go(func() error {
			for i := int(n.Add(1)) - 1; i < parkedCount; i = int(n.Add(1)) - 1 {
				j := job
				j.N = i
				at := began.Add(12*time.Hour + time.Duration(i)*10*time.Millisecond)
				switch i {
				case 0:
					at = began
				case 1:
					at = later
				}
				if err := m.store.log.Park(ctx, j, at); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("\nparked: %.0f/s\n", parkedCount/time.Since(began).Seconds())
	if err := m.crew.stop(); err != nil {
		b.Fatal(err)
	}
}

// oneJob publishes a message, and takes its first job out of its queue.
func (m *bench) oneJob(b *testing.B) (job rooms.Job) {
	b.Helper()
	defer m.plan(b)()
	w := m.wire(b, 0)
	if err := w.post(`{"transactionId":"parked","type":"reminder","content":{"text":"` + benchText + `"},"recipients":[{"phone":"+999800000001"},{"phone":"+999800000002"}]}`); err != nil {
		b.Fatal(err)
	}
	eventually(b, time.Minute, func() string {
		count := 0
		_, err := m.store.log.ScanJobs(b.Context(), rooms.Normal, 0, 10, func(sequence uint64, j rooms.Job) error {
			job = j
			count++
			return m.store.log.DropJob(b.Context(), rooms.Normal, sequence)
		})
		if err != nil || count == 0 {
			return fmt.Sprintf("no job, %v", err)
		}
		return ""
	})
	return job
}

func notReady(api string) string {
	answer, err := http.Get(api + "/readyz") //nolint:noctx // of a process that is there
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return answer.Status
	}
	return ""
}

// memoryOf is what a process holds and has held at most, in MB.
func memoryOf(b *testing.B, pid int) (now, most float64) {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	field := func(name string) float64 {
		_, rest, _ := strings.Cut(string(raw), name)
		kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
		if err != nil {
			b.Fatal(err)
		}
		return kB * 1024 / 1e6
	}
	return field("VmRSS:"), field("VmHWM:")
}

// sizeOf is how much a folder holds.
func sizeOf(b *testing.B, folder string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
