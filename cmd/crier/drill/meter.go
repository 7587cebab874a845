package drill

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// repeats is the counter of jobs that came back to a node after they had been sent, and that it did not send again.
const repeats = "crier_channel_skipped_total"

const (
	readEvery   = 500 * time.Millisecond
	readTimeout = time.Second
)

// meter adds up how much a counter grows on several nodes. A node that is started again begins at zero; what it had
// counted since the last reading is not seen.
type meter struct {
	http  *http.Client
	nodes []string // base URLs

	mu   sync.Mutex
	last map[string]float64 // by node
	sum  float64
}

func newMeter(h *http.Client, nodes []string) *meter {
	return &meter{http: h, nodes: nodes, last: map[string]float64{}}
}

// answers says whether all nodes let their metrics be read.
func (m *meter) answers(ctx context.Context) bool {
	for _, node := range m.nodes {
		if _, err := m.read(ctx, node); err != nil {
			return false
		}
	}
	return true
}

// run reads until the stop that it gives is called, which gives the sum. What the nodes have counted before does not
// count; one that does not answer now is taken to be at zero.
func (m *meter) run(ctx context.Context) (stop func() int) {
	m.readAll(ctx)
	m.sum = 0
	running, cancel := context.WithCancel(ctx)
	var reading sync.WaitGroup
	reading.Go(func() {
		for sleep(running, readEvery) {
			m.readAll(running)
		}
	})
	return func() int {
		cancel()
		reading.Wait()
		m.readAll(ctx)
		return int(m.sum)
	}
}

func (m *meter) readAll(ctx context.Context) {
	var all sync.WaitGroup
	for _, node := range m.nodes {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, readTimeout)
			defer cancel()
			if value, err := m.read(ctx, node); err == nil {
				m.observe(node, value)
			}
		})
	}
	all.Wait()
}

func (m *meter) observe(node string, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value < m.last[node] {
		m.last[node] = 0 // started again
	}
	m.sum += value - m.last[node]
	m.last[node] = value
}

func (m *meter) read(ctx context.Context, node string) (float64, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, node+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := m.http.Do(q)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("drill: /metrics answers %d", answer.StatusCode)
	}
	return total(answer.Body, repeats)
}

// total adds up a counter over its labels.
func total(page io.Reader, name string) (sum float64, err error) {
	lines := bufio.NewScanner(page)
	for lines.Scan() {
		series, value, ok := strings.Cut(lines.Text(), " ")
		base, _, _ := strings.Cut(series, "{")
		if !ok || base != name {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("drill: read metrics: %w", err)
		}
		sum += v
	}
	return sum, lines.Err()
}
