package quota

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// clock is a time that the test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *clock) pass(d time.Duration) { c.set(c.now().Add(d)) }

// dawn lies on a border of every span.
var dawn = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// stand is a tally with a clock, and messages to count.
type stand struct {
	*tally
	clock *clock
	n     int
}

func newStand() *stand {
	c := &clock{at: dawn}
	return &stand{tally: newTally(c.now), clock: c}
}

func (s *stand) header() rooms.Header {
	s.n++
	return rooms.Header{UMID: rooms.UMID(fmt.Sprintf("%026d", s.n)), Room: "newborn", Lane: rooms.Normal, Publisher: "hosp-7", ReceivedAt: s.clock.now()}
}

func ofClient(q rooms.Quota) [3]rooms.Quota { return [3]rooms.Quota{q} }

// one takes one message now.
func (s *stand) one(q rooms.Quota) (rooms.Allowance, bool) {
	a, over, _ := s.take(s.header(), ofClient(q))
	return a, !over
}

// Every border of both spans: what was taken at the end of a bucket counts until the last moment of the span, and not a
// moment longer than said.
func TestBorders(t *testing.T) {
	for _, tc := range []struct {
		name  string
		quota rooms.Quota
		span  span
	}{{"minute", rooms.Quota{PerMinute: 2}, minute()}, {"day", rooms.Quota{PerDay: 2}, day()}} {
		for _, offset := range []time.Duration{0, time.Millisecond, tc.span.bucket / 2, tc.span.bucket - time.Millisecond} {
			s := newStand()
			s.clock.pass(offset)
			first := s.clock.now()
			s.one(tc.quota)
			if a, ok := s.one(tc.quota); !ok || a.Remaining != 0 || a.Limit != 2 {
				t.Fatalf("%s from %s: the last one: %+v %v", tc.name, offset, a, ok)
			}
			free := dawn.Add(tc.span.length() + tc.span.bucket)
			for _, at := range []time.Time{first, first.Add(tc.span.bucket), first.Add(tc.span.length()), free.Add(-time.Millisecond)} {
				s.clock.set(at)
				a, ok := s.one(tc.quota)
				if ok || a.Remaining != 0 || a.Reset != free.Sub(at) {
					t.Errorf("%s from %s, at %s: %+v, accepted %v; want a wait of %s", tc.name, offset, at.Sub(dawn), a, ok, free.Sub(at))
				}
			}
			s.clock.set(free)
			if a, ok := s.one(tc.quota); !ok || a.Remaining != 1 {
				t.Errorf("%s from %s: when it is over: %+v %v", tc.name, offset, a, ok)
			}
		}
	}
}

// In no minute, wherever it begins, are more accepted than the quota says, and whoever waits as long as he is told is accepted.
func TestNeverMoreInAMinute(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s, quota := newStand(), rooms.Quota{PerMinute: 7}
	var accepted []time.Time
	for range 5000 {
		s.clock.pass(time.Duration(r.Int64N(int64(9 * time.Second))))
		a, ok := s.one(quota)
		if !ok {
			s.clock.pass(a.Reset)
			if a, ok := s.one(quota); !ok {
				t.Fatalf("refused after the wait: %+v", a)
			}
		}
		accepted = append(accepted, s.clock.now())
		if n := len(accepted); n > 7 && accepted[n-1].Sub(accepted[n-8]) < time.Minute {
			t.Fatalf("8 within %s", accepted[n-1].Sub(accepted[n-8]))
		}
	}
}

// What several scopes allow is the least of it, and a refusal waits for all that are used up.
func TestTightest(t *testing.T) {
	s := newStand()
	quotas := [3]rooms.Quota{{PerMinute: 10, PerDay: 3}, {PerMinute: 2}, {PerDay: 9}}
	for _, want := range []rooms.Allowance{{Limit: 2, Remaining: 1, Reset: 61 * time.Second}, {Limit: 2, Remaining: 0, Reset: 61 * time.Second}} {
		if a, over, _ := s.take(s.header(), quotas); over || a != want {
			t.Errorf("%+v %v, want %+v", a, over, want)
		}
	}
	s.clock.pass(61 * time.Second)
	if a, over, _ := s.take(s.header(), quotas); over || a.Limit != 3 || a.Remaining != 0 {
		t.Errorf("%+v %v", a, over)
	}
	quotas[1].PerMinute = 1
	if a, over, _ := s.take(s.header(), quotas); !over || a.Limit != 3 || a.Reset != 24*time.Hour+5*time.Minute-61*time.Second {
		t.Errorf("%+v %v", a, over)
	}
}

// A message is counted once: by who accepts it and when the index tells, in whatever order; and not at all if it was given
// back. After the index has begun anew it is counted once more, from nothing.
func TestCountedOnce(t *testing.T) {
	s := newStand()
	count := func() int {
		return s.usedIn(scope{"hosp-7", "newborn", rooms.Normal}, rooms.Quota{PerMinute: 100}).PerMinute.Remaining
	}
	want := func(n int, when string) {
		t.Helper()
		if got := 100 - count(); got != n {
			t.Errorf("%s: %d counted, want %d", when, got, n)
		}
	}
	a, b, other := s.header(), s.header(), s.header()
	s.take(a, ofClient(rooms.Quota{PerMinute: 50}))
	s.take(b, ofClient(rooms.Quota{PerMinute: 50}))
	want(2, "taken")
	s.hear([]rooms.Header{a, other})
	want(3, "one of them and another's are told")
	s.give(a)
	want(3, "what is in the log is given back")
	s.give(b)
	s.give(b)
	want(2, "what is not is given back, twice")
	s.hear([]rooms.Header{b})
	want(3, "it is in the log after all")
	c := s.header()
	s.take(c, ofClient(rooms.Quota{PerMinute: 50}))
	s.forget()
	want(1, "begun anew, with one on its way")
	s.hear([]rooms.Header{a, b, other, c})
	want(4, "all told again")
	s.hear([]rooms.Header{{UMID: "old", Room: "newborn", Lane: rooms.Normal, Publisher: "hosp-7", ReceivedAt: dawn.Add(-25 * time.Hour)}})
	want(4, "a message of yesterday")
}

// What comes late counts for the rest of its time.
func TestToldLate(t *testing.T) {
	s := newStand()
	late := s.header()
	s.clock.pass(30 * time.Second)
	s.take(s.header(), ofClient(rooms.Quota{PerMinute: 5}))
	s.hear([]rooms.Header{late})
	left := func() int { return s.usedIn(scope{"hosp-7", "", ""}, rooms.Quota{PerMinute: 5}).PerMinute.Remaining }
	if left() != 3 {
		t.Errorf("%d left", left())
	}
	s.clock.pass(31 * time.Second)
	if left() != 4 {
		t.Errorf("%d left when it is over", left())
	}
}

// Little is left: said once in a minute, and again in another.
func TestWarnings(t *testing.T) {
	s := newStand()
	quotas := [3]rooms.Quota{{}, {PerMinute: 10}, {}}
	var said []string
	for i := range 30 {
		_, _, low := s.take(s.header(), quotas)
		for _, w := range low {
			said = append(said, fmt.Sprintf("%d %s %s %s %d/%d", i, w.Client, w.Room, w.Window, w.Used, w.Limit))
		}
		if i == 11 {
			s.clock.pass(61 * time.Second)
		}
	}
	if got := fmt.Sprint(said); got != "[8 hosp-7 newborn minute 9/10 20 hosp-7 newborn minute 9/10]" {
		t.Error(got)
	}
}

func TestIdleScopesAreForgotten(t *testing.T) {
	s := newStand()
	for i := range 100 {
		h := s.header()
		h.Publisher = rooms.Client(fmt.Sprint(i))
		s.take(h, ofClient(rooms.Quota{PerDay: 5}))
	}
	s.clock.pass(25 * time.Hour)
	s.hear([]rooms.Header{s.header()})
	if len(s.used) != 3 || len(s.flying) != 0 {
		t.Errorf("%d scopes and %d messages are kept", len(s.used), len(s.flying))
	}
}
