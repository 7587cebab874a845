package index

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// hearing notes what an observer is told.
type hearing struct {
	mu    sync.Mutex
	heard []rooms.UMID
	anew  int
}

func (h *hearing) Accepted(headers []rooms.Header) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range headers {
		h.heard = append(h.heard, one.UMID)
	}
}

func (h *hearing) Anew() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard, h.anew = nil, h.anew+1
}

// once fails unless each of the first n messages was told exactly once.
func (h *hearing) once(t *testing.T, n int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.Sort(h.heard)
	if len(h.heard) != n || len(slices.Compact(slices.Clone(h.heard))) != n {
		t.Errorf("%d told, %d of them different, want %d", len(h.heard), len(slices.Compact(slices.Clone(h.heard))), n)
	}
}

// An observer hears of each message once, whether from ROOMS, from EVENTS or from both; and of all again after the file was
// begun anew.
func TestObserverHearsOnce(t *testing.T) {
	h, l, o := &hearing{}, newFakeLog(), testOptions(t)
	o.Observer = h
	x := open(t, o)
	headers, events := story(400, 7)
	l.add(headers[:300], events) // the rest has been erased before it was read
	run(t, x, l)
	await(t, x, l)
	h.once(t, 400)
	l.add(headers[:10], events[:10])
	await(t, x, l)
	h.once(t, 400)
	x.suspect.Store(true)
	l.add(nil, []rooms.Event{accepted(header(3000))})
	await(t, x, l)
	h.once(t, 401)
	if h.anew != 1 {
		t.Errorf("begun anew %d times", h.anew)
	}
}

// What is in a file when it is opened can be read from any time on.
func TestSince(t *testing.T) {
	l, o := newFakeLog(), testOptions(t)
	headers, events := story(1100, 7)
	l.add(headers, events)
	x := open(t, o)
	run(t, x, l)
	await(t, x, l)
	for _, from := range []int{-5, 0, 1, 99, 1099, 1100} {
		var got []rooms.Header
		if err := x.Since(dawn.Add(time.Duration(from)*time.Second), func(part []rooms.Header) { got = append(got, part...) }); err != nil {
			t.Fatal(err)
		}
		want := headers[max(from, 0):]
		if len(got) != len(want) || len(got) > 0 && (got[0].UMID != want[0].UMID || got[0].Publisher != want[0].Publisher || got[len(got)-1].UMID != want[len(want)-1].UMID) {
			t.Errorf("from %d: %d, want %d", from, len(got), len(want))
		}
	}
}

// BenchmarkSince is what a start costs for each message of the last day.
func BenchmarkSince(b *testing.B) {
	l := newFakeLog()
	headers, _ := story(20_000, 7)
	l.add(headers, nil)
	x := open(b, testOptions(b))
	run(b, x, l)
	await(b, x, l)
	b.ResetTimer()
	for range b.N {
		n := 0
		if err := x.Since(dawn, func(part []rooms.Header) { n += len(part) }); err != nil || n != len(headers) {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(headers)), "ns/message")
}
