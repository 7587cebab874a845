package main

import (
	"errors"
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
	"github.com/govcrier/crier/rooms/stream"
)

const (
	parkedCount = 1_000_000
	parkedLimit = 20 * time.Minute // to have them wait
	parkedLater = 90 * time.Second // until another one falls due, by when the first start has been measured
)

// BenchmarkParked has a million deliveries wait for their next attempt, each as the bridge parks it. Then it starts the program
// on that store, after it was stopped and after it was killed, and measures the time until it is ready and until a provider
// is given what fell due meanwhile, and the memory that is resident. Beside it stands the same of an empty store.
func BenchmarkParked(b *testing.B) {
	program := buildProgram(b, "")
	store := filepath.Join(b.TempDir(), "store")
	empty := startEmpty(b, program)
	due := park(b, store)
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
		fmt.Printf("after it was %s: ready in %.1f s, what was due is sent in %.1f s, %.1f s of processor time; resident %.0f MB, at most %.0f MB; "+
			"an empty store is ready in %s\n", after, ready.Seconds(), first.Seconds(), worked(b, g), now, peak, empty)
		slowest, most = max(slowest, ready, first), max(most, peak)
		g.kill()
		time.Sleep(time.Until(due)) // for the next one
	}
	b.ReportMetric(slowest.Seconds(), "s-restart")
	b.ReportMetric(most, "MB")
	b.ReportMetric(0, "ns/op")
}

// startEmpty gives in what time the program is ready without anything.
func startEmpty(b *testing.B, program string) string {
	b.Helper()
	began := time.Now()
	g := startGateway(b, program, filepath.Join(b.TempDir(), "store"), "CRIER_CRASH=")
	eventually(b, time.Minute, func() string { return notReady(g.API) })
	took := fmt.Sprintf("%.1f s, %.1f s of processor time", time.Since(began).Seconds(), worked(b, g))
	g.kill()
	return took
}

// worked is how much processor time a program has had.
func worked(b *testing.B, g *gateway) (seconds float64) {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndex(string(raw), ")")+1:]))
	for _, ticks := range fields[11:13] { // utime and stime (proc(5)), a hundredth of a second each
		n, err := strconv.ParseFloat(ticks, 64)
		if err != nil {
			b.Fatal(err)
		}
		seconds += n / 100
	}
	return seconds
}

// park fills a store: one delivery is due by then, another at a later time, which it gives, the others tomorrow.
func park(b *testing.B, store string) (later time.Time) {
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
				if i == 0 {
					at = began
				}
				err := m.store.log.Park(ctx, j, at)
				for errors.Is(err, stream.ErrUnavailable) && ctx.Err() == nil && time.Since(began) < parkedLimit {
					err = m.store.log.Park(ctx, j, at) // once more is as good as once
				}
				if err != nil {
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
	job.N, later = 1, time.Now().Add(parkedLater)
	if err := m.store.log.Park(b.Context(), job, later); err != nil {
		b.Fatal(err)
	}
	if err := m.crew.stop(); err != nil {
		b.Fatal(err)
	}
	return later
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
