package channels

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// ends collects what becomes of calls.
type ends struct {
	mu  sync.Mutex
	all map[Outcome]int
}

func (e *ends) add(o Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[o]++
}

// callFirst makes calls of the first of two providers that go through a turnstile of so many places.
func callFirst(ctx context.Context, calls, places int) (h *health, p *turnstile, first, late *ends) {
	p = &turnstile{places: lanes.NewPlaces(places, places), leave: make(chan struct{})}
	m := twins(HealthOptions{}, p, always(Outcome{Result: Sent})).members[0]
	first, late = &ends{all: map[Outcome]int{}}, &ends{all: map[Outcome]int{}}
	for range calls {
		go m.call(time.Minute, nil).send(ctx, rooms.Delivery{}, first.add, late.add)
	}
	return m.health, p, first, late
}

// Calls that wait for a place have no answer to wait for: a provider with few places, which answers some after a time, lives.
func TestWaitingForAPlaceIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, p, first, _ := callFirst(t.Context(), 12, 4)
		for range 3 {
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if h.dead() {
				t.Fatal("taken for dead")
			}
			for range 4 {
				p.leave <- struct{}{}
			}
		}
		synctest.Wait()
		if sent := first.all[Outcome{Result: Sent}]; sent != 12 {
			t.Errorf("%d of 12 were sent: %v", sent, first.all)
		}
		if r := h.report(); r.Calls != 12 || r.Failed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// When a provider is taken for dead, those that wait there for a place go without, with nothing sent and nothing said of it: they
// are not sent later beside what follows.
func TestWhoWaitsAtTheDeadSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, p, first, late := callFirst(t.Context(), 12, 5)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		unknown, room := Outcome{Result: Deferred, Reason: rooms.Unknown, Code: "no-answer"}, 0
		for o, n := range first.all {
			if o.Result == NoRoom {
				room += n
			}
		}
		if !h.dead() || h.unanswered() != 5 || first.all[unknown] != 5 || room != 7 {
			t.Errorf("dead: %t, %d unanswered: %v", h.dead(), h.unanswered(), first.all)
		}
		close(p.leave)
		synctest.Wait()
		if n := len(p.read()); n != 5 || late.all[Outcome{Result: Sent}] != 5 || len(late.all) != 1 {
			t.Errorf("%d were sent, late %v", n, late.all)
		}
	})
}

// A probe that finds all places of a dead provider taken does not wait for one.
func TestProbeDoesNotWaitForAPlaceForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, p, first, late := callFirst(t.Context(), 5, 5)
		time.Sleep(4 * time.Second)
		if !h.dead() {
			t.Fatal("not taken for dead")
		}
		probe := &ends{all: map[Outcome]int{}}
		c := call{Named{"a", p}, time.Minute, nil, h, false}
		go c.send(t.Context(), rooms.Delivery{}, probe.add, late.add)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		for o := range probe.all {
			if o.Result != NoRoom {
				t.Errorf("the probe: %+v", o)
			}
		}
		close(p.leave)
		synctest.Wait()
		if len(probe.all) != 1 || len(p.read()) != 5 || len(first.all) != 1 {
			t.Errorf("the probe %v, %d were sent", probe.all, len(p.read()))
		}
	})
}
