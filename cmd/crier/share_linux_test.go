package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// shareMessages is how many messages are published to see who delivers them.
const shareMessages = 400

// TestNodesShareTheWork publishes at one full node, with and without the other: both deliver, and a message costs the nodes
// together no more than a little more.
func TestNodesShareTheWork(t *testing.T) {
	s := newSink(t)
	ctx, cancel := context.WithTimeout(t.Context(), healing)
	defer cancel()
	f, err := fleet.Start(ctx, fleet.Options{
		Program: buildProgram(t, ""), Sink: s.url,
		Settings: map[string]any{"bridge.workers.normal": 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Healed(ctx); err != nil {
		t.Fatal(err)
	}
	publishAll(t, f, "what a start costs shall not be counted")
	shareOut(t, f, "two full nodes and the witness", 2)
	if err := f.Node(fleet.N2).Terminate(ctx); err != nil {
		t.Fatal(err)
	}
	shareOut(t, f, "one full node and the witness", 1)
}

// shareOut publishes, waits until all is delivered, and says what each node did for it.
func shareOut(t *testing.T, f *fleet.Fleet, what string, full int) {
	t.Helper()
	nodes := f.Nodes()
	cpu, made := spent(t, f), attempts(t, f, full)
	publishAll(t, f, what)
	var done []float64
	eventually(t, busyFor, func() string {
		done = attempts(t, f, full)
		sum := 0.0
		for i := range done {
			sum += done[i] - made[i]
		}
		if sum < shareMessages {
			return fmt.Sprintf("%.0f of %d delivered", sum, shareMessages)
		}
		return ""
	})
	after := spent(t, f)
	t.Logf("%s: CPU per message %v", what, (after-cpu)/shareMessages)
	for i := range full {
		share := (done[i] - made[i]) / shareMessages
		t.Logf("%s: %s delivered %.0f %%", what, nodes[i].Name, 100*share)
		if share < 0.5/float64(full) {
			t.Errorf("%s: %s delivered %.0f %%, which is no share", what, nodes[i].Name, 100*share)
		}
	}
}

func publishAll(t *testing.T, f *fleet.Fleet, what string) {
	t.Helper()
	c := f.Client(fleet.Publisher, fleet.N1)
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			for i := n; i < shareMessages; i += 8 {
				_, err := c.Publish(t.Context(), fleet.Room, v1.Publish{
					TransactionID: fmt.Sprintf("%s-%d", what, i), Type: "reminder", Content: v1.Content{SMS: "hello"},
					Recipients: []v1.Recipient{{Phone: fmt.Sprintf("+9995%08d", i)}},
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
}

// attempts is how many deliveries each full node has handed to its provider.
func attempts(t *testing.T, f *fleet.Fleet, full int) (all []float64) {
	t.Helper()
	for _, n := range f.Nodes()[:full] {
		answer, err := f.HTTPClient().Get(n.URL() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sumOf(t, answer, "crier_channel_attempts_total{"))
	}
	return all
}

func sumOf(t *testing.T, answer *http.Response, name string) (sum float64) {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, name) {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += v
	}
	return sum
}

// clockTick is the unit of CPU times in /proc (proc(5), USER_HZ).
const clockTick = 10 * time.Millisecond

// spent is the CPU time of all nodes together.
func spent(t *testing.T, f *fleet.Fleet) (sum time.Duration) {
	t.Helper()
	for _, n := range f.Nodes() {
		if n.PID() == 0 {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.PID()))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, field := range fields[11:13] { // utime, stime
			ticks, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			sum += time.Duration(ticks) * clockTick
		}
	}
	return sum
}
