package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// sink receives what the sandbox delivers into another process, and keeps count.
type sink struct {
	url string

	mu  sync.Mutex
	got map[delivery]int
}

// delivery is one message to one recipient.
type delivery struct{ UMID, To string }

func newSink(t testing.TB) *sink {
	t.Helper()
	s := &sink{got: map[delivery]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var d delivery
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.got[d]++
	s.mu.Unlock()
}

// await waits until everything expected has come. It gives up when nothing of it came for as
// long as patience: how long a backlog takes to drain is the machine's affair.
func (s *sink) await(t testing.TB, expected []delivery, patience time.Duration) {
	t.Helper()
	missing, last := s.missing(expected), time.Now()
	for ; len(missing) > 0; <-time.After(100 * time.Millisecond) {
		rest := s.missing(missing)
		if len(rest) < len(missing) {
			missing, last = rest, time.Now()
		}
		if time.Since(last) > patience {
			t.Errorf("nothing came for %v, %d are missing, such as %s to %s", patience, len(missing), missing[0].UMID, missing[0].To)
			return
		}
	}
}

// missing are those that have not come.
func (s *sink) missing(expected []delivery) (missing []delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range expected {
		if s.got[d] == 0 {
			missing = append(missing, d)
		}
	}
	return missing
}

// compare says what is missing, how many came more than once (each further time counts), and
// what nobody had asked for.
func (s *sink) compare(expected []delivery) (lost []string, doubled int, foreign []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := make(map[delivery]bool, len(expected))
	for _, d := range expected {
		asked[d] = true
		if s.got[d] == 0 {
			lost = append(lost, d.UMID+" to "+d.To)
		}
	}
	for d, times := range s.got {
		doubled += times - 1
		if !asked[d] {
			foreign = append(foreign, d.UMID+" to "+d.To)
		}
	}
	slices.Sort(lost)
	return lost, doubled, foreign
}

// busyFor is what a busy machine may take for what a quiet one does at once.
const busyFor = 4 * time.Minute

// eventually asks for a reason why a condition does not hold until there is none. The last
// reason is what it fails with.
func eventually(t testing.TB, limit time.Duration, reason func() string) {
	t.Helper()
	var last string
	for end := time.Now().Add(limit); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if last = reason(); last == "" {
			return
		}
	}
	t.Errorf("after %v: %s", limit, last)
}
