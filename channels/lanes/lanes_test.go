package lanes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestLine(t *testing.T) {
	var l Line[string]
	for _, who := range []string{"bulk 1", "normal 1", "bulk 2", " 2", "emergency 1", "normal 3", "emergency 2"} {
		var lane string
		var n int
		if _, err := fmt.Sscanf(who, "%s %d", &lane, &n); err != nil {
			lane = ""
		}
		l.Join(rooms.Lane(lane), who)
	}
	if !l.Leave("normal 3") || l.Leave("normal 3") {
		t.Error("who waits can leave, once")
	}
	var got []string
	if who, _ := l.Next(func(who string) bool { return who == "bulk 2" }); who != "bulk 2" {
		t.Errorf("%q is not the one that may go", who)
	}
	for who, ok := l.Next(Anybody); ok; who, ok = l.Next(Anybody) {
		got = append(got, who)
	}
	if want := []string{"emergency 1", "emergency 2", "normal 1", " 2", "bulk 1"}; !slices.Equal(got, want) || l.Len() != 0 {
		t.Errorf("served as %q, want %q", got, want)
	}
}

// crowd sends deliveries through places, each of which a call keeps for a time.
type crowd struct {
	*testing.T
	places *Places
	took   time.Duration

	mu     sync.Mutex
	served []string        // lanes, in the order of their turns
	full   []time.Duration // what those that were turned away were told
	inside map[string]int
	most   map[string]int
}

func newCrowd(t *testing.T, p *Places, took time.Duration) *crowd {
	return &crowd{T: t, places: p, took: took, inside: map[string]int{}, most: map[string]int{}}
}

// call makes one call, and says how long it waited for its place.
func (c *crowd) call(lane rooms.Lane, to string) (waited time.Duration, err error) {
	began := time.Now()
	release, err := c.places.Take(c.Context(), lane, to)
	waited = time.Since(began)
	if full := (*Full)(nil); errors.As(err, &full) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.full = append(c.full, full.After)
		return waited, err
	}
	c.note(lane, to, 1)
	time.Sleep(c.takes(0))
	c.note(lane, to, -1)
	release()
	return waited, err
}

// takes is how long a call keeps its place, from now on if it is given.
func (c *crowd) takes(took time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = cmp.Or(took, c.took)
	return c.took
}

func (c *crowd) note(lane rooms.Lane, to string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		c.served = append(c.served, string(lane))
	}
	c.inside[to], c.inside[""] = c.inside[to]+n, c.inside[""]+n
	c.most[to], c.most[""] = max(c.most[to], c.inside[to]), max(c.most[""], c.inside[""])
}

// Of those that wait for the same connections an emergency has the next that is free, though all others came before.
func TestEmergencyHasTheNextPlace(t *testing.T) {
	for name, p := range map[string]*Places{"altogether": NewPlaces(2, 2), "at the destination": NewPlaces(0, 2)} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, p, 100*time.Millisecond)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { _, _ = c.call(rooms.Bulk, "people.test") })
				all.Go(func() { _, _ = c.call(rooms.Normal, "people.test") })
			}
			synctest.Wait()
			waited, err := c.call(rooms.Emergency, "people.test")
			if err != nil || waited != 100*time.Millisecond {
				t.Errorf("%s: an emergency waited %s (%v), want one call", name, waited, err)
			}
			all.Wait()
			after := c.served[2:] // those that found a place at once
			if c.most[""] != 2 || !slices.Contains(after[:2], "emergency") || !slices.Contains(after[:2], "normal") || slices.Contains(after[:6], "bulk") {
				t.Errorf("%s: served %q, %d at once", name, c.served, c.most[""])
			}
			if len(p.doors) != 0 || p.busy != 0 {
				t.Errorf("%s: %d destinations are remembered, %d places lost", name, len(p.doors), p.busy)
			}
		})
	}
}

// A slow destination has its own places and no more; who comes to it is turned away, one after the other is told to come again
// at its pace, and another destination does not wait.
func TestSlowDestinationTurnsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, NewPlaces(8, 4), 20*time.Second)
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() { _, _ = c.call(rooms.Normal, "slow.test") })
		}
		time.Sleep(soon + time.Millisecond)
		synctest.Wait()
		if c.most["slow.test"] != 4 || len(c.full) != 59 {
			t.Errorf("%d are inside, %d were turned away; want 4 and 59, one waits", c.most["slow.test"], len(c.full))
		}
		for range 1000 {
			if waited, err := c.call(rooms.Normal, "slow.test"); err == nil || waited > 0 {
				t.Fatalf("waited %s (%v), want to be turned away at once", waited, err)
			}
		}
		if last := c.full[len(c.full)-1]; c.full[59] < farthest*3/4 || last < farthest*3/4 || last > farthest || slices.Min(c.full) < time.Second {
			t.Errorf("told to come again after %s … %s", slices.Min(c.full), last)
		}
		c.took = time.Millisecond
		if waited, err := c.call(rooms.Bulk, "good.test"); err != nil || waited > 0 {
			t.Errorf("another destination: waited %s, %v", waited, err)
		}
		all.Wait()
	})
}

// Emergencies to a destination that was slow and has recovered are all served before what comes a moment later, those
// included that were turned away.
func TestEmergencyTurnedAwayIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const emergencies = 12 // 4 wait, and 8 are turned away
		c := newCrowd(t, NewPlaces(0, 4), 20*time.Second)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _, _ = c.call(rooms.Bulk, "slow.test") })
		}
		time.Sleep(5500 * time.Millisecond)
		for range emergencies {
			all.Go(func() {
				for full := (*Full)(nil); ; time.Sleep(full.After) {
					if _, err := c.call(rooms.Emergency, "slow.test"); !errors.As(err, &full) {
						return
					}
				}
			})
		}
		synctest.Wait()
		if got := c.places.Waiting(); got != 4 {
			t.Errorf("%d emergencies wait, want one for each place", got)
		}
		time.Sleep(14 * time.Second)
		c.takes(300 * time.Millisecond) // it has recovered
		time.Sleep(1100 * time.Millisecond)
		for range 100 {
			all.Go(func() { _, _ = c.call(rooms.Normal, "slow.test") })
		}
		all.Wait()
		if after := c.served[4:]; len(after) < emergencies || slices.Contains(after[:emergencies], "normal") {
			t.Errorf("served %q", after)
		}
	})
}

// A destination that is quick keeps whoever comes: they have their turn within a moment.
func TestQuickDestinationTurnsNobodyAway(t *testing.T) {
	for _, tc := range []struct {
		callers, places int
		took            time.Duration
	}{{192, 4, 5 * time.Millisecond}, {64, 8, 250 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, NewPlaces(0, tc.places), tc.took)
			var all sync.WaitGroup
			for range tc.callers {
				all.Go(func() {
					for range 10 {
						_, _ = c.call(rooms.Normal, "people.test")
					}
				})
			}
			all.Wait()
			if len(c.full) > 0 || c.most["people.test"] != tc.places || len(c.served) != 10*tc.callers {
				t.Errorf("calls of %s: %d were turned away, %d served, %d at once", tc.took, len(c.full), len(c.served), c.most["people.test"])
			}
		})
	}
}

// Those whose turn is later than the farthest come again one after the other.
func TestTurnedAwayComeAgainSpread(t *testing.T) {
	const many = 1000
	d, now := door{each: 4, busy: 4, pace: time.Second}, time.Now()
	d.since = now
	var after []time.Duration
	for n := range 60 + many {
		if turn := d.turn(rooms.Bulk, now); n >= 60 {
			after = append(after, turn)
		}
	}
	slices.Sort(after)
	widest := after[0] - farthest*3/4
	for n := range many - 1 {
		widest = max(widest, after[n+1]-after[n])
	}
	if after[0] < farthest*3/4 || after[many-1] > farthest || widest > farthest/4/many*3 {
		t.Errorf("%d come again after %s … %s, with %s between two", many, after[0], after[many-1], widest)
	}
}

// Where places are not shared out by destination, who comes waits; but not so long that no time is left for his call.
func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(1, 1)
		release, err := p.Take(t.Context(), rooms.Bulk, "slow.test")
		if err != nil {
			t.Fatal(err)
		}
		for left, want := range map[time.Duration]time.Duration{0: longest, 20 * time.Second: 10 * time.Second, time.Hour: longest} {
			ctx, cancel := context.WithCancel(t.Context())
			if left > 0 {
				ctx, cancel = context.WithDeadline(ctx, time.Now().Add(left))
			}
			began := time.Now()
			_, err := p.Take(ctx, rooms.Emergency, "good.test")
			if full := (*Full)(nil); !errors.As(err, &full) || full.After != time.Second || time.Since(began) != want {
				t.Errorf("with %s left: %v after %s, want to be turned away after %s", left, err, time.Since(began), want)
			}
			cancel()
			if _, err := p.Take(ctx, rooms.Emergency, "good.test"); !errors.Is(err, context.Canceled) {
				t.Errorf("after the end: %v", err)
			}
		}
		time.AfterFunc(2*longest, release)
		began := time.Now()
		again, err := p.Wait(t.Context(), rooms.Emergency, "good.test")
		if err != nil || time.Since(began) != 2*longest {
			t.Fatalf("who cannot come again: %v after %s", err, time.Since(began))
		}
		again()
		if _, err := p.Take(t.Context(), rooms.Bulk, "good.test"); err != nil || p.line.Len() != 0 {
			t.Errorf("then: %v, %d wait", err, p.line.Len())
		}
	})
}

// Who is told that a call has its place may end it until then, and it goes without.
func TestWhoIsToldHasTheLastWord(t *testing.T) {
	p := NewPlaces(1, 1)
	ctx, end := context.WithCancel(t.Context())
	var told []bool
	_, err := p.Take(Told(ctx, func(waits bool) {
		if told = append(told, waits); !waits {
			end()
		}
	}), rooms.Normal, "somewhere.test")
	if full := (*Full)(nil); !errors.As(err, &full) || !slices.Equal(told, []bool{true, false}) {
		t.Errorf("%v, told %v", err, told)
	}
	if _, err := p.Take(t.Context(), rooms.Normal, "somewhere.test"); err != nil {
		t.Errorf("the place is gone: %v", err)
	}
}
