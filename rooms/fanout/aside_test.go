package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// desk is where tests decide about messages. A message that is paused after some pages is so from a later question on.
type desk struct {
	mu    sync.Mutex
	state map[rooms.UMID]rooms.ControlState
	after map[rooms.UMID]int // questions that are answered before the state counts
}

func newDesk() *desk {
	return &desk{state: map[rooms.UMID]rooms.ControlState{}, after: map[rooms.UMID]int{}}
}

func (d *desk) decide(u rooms.UMID, s rooms.ControlState, after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state[u], d.after[u] = s, after
}

func (d *desk) Of(u rooms.UMID) rooms.Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.after[u] > 0 {
		d.after[u]--
		return rooms.Control{}
	}
	return rooms.Control{UMID: u, State: d.state[u]}
}

// told is what the events say of the messages, until check has no complaint.
func (h *house) told(what string, check func([]rooms.Event) error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	var all []rooms.Event
	err := fmt.Errorf("no event")
	_ = h.log.TailEvents(ctx, 0, func(events []rooms.Event) error {
		all = append(all, events...)
		if err = check(all); err == nil {
			return context.Canceled
		}
		return nil
	})
	if err != nil {
		h.t.Fatalf("%s: %v", what, err)
	}
}

// count says whether as many recipients of a message are told of as were counted.
func count(u rooms.UMID, marks, recipients int) func([]rooms.Event) error {
	return func(events []rooms.Event) error {
		pages, sum, planned := map[int]bool{}, 0, -1
		for _, e := range events {
			switch {
			case e.UMID != u:
			case e.Kind == rooms.EventQueued && !pages[e.Page]:
				pages[e.Page] = true
				sum += len(e.Marks)
				if e.Recipients > 0 {
					planned = e.Recipients
				}
			case e.Kind == rooms.EventPlanned:
				planned = e.Recipients
			}
		}
		if sum != marks || planned != recipients {
			return fmt.Errorf("%d on pages, %d counted; want %d and %d", sum, planned, marks, recipients)
		}
		return nil
	}
}

func TestPausedMessageHoldsUpNobody(t *testing.T) {
	h, d := newHouse(t), newDesk()
	h.controls = d
	h.subscribe(3)
	d.decide(umid(1), rooms.ControlPaused, 0)
	d.decide(umid(2), rooms.ControlHeld, 0)
	h.publish(1)
	h.publish(2, phone(500))
	h.publish(3)
	h.plan()
	for _, j := range h.jobs(3) {
		if j.UMID != umid(3) {
			t.Errorf("job of %s", j.UMID)
		}
	}
	h.halt() // another planner finds what was put aside
	h.plan()
	d.decide(umid(1), rooms.ControlRunning, 0)
	for _, j := range h.jobs(3) {
		if j.UMID != umid(1) {
			t.Errorf("job of %s", j.UMID)
		}
	}
	h.told("all are counted", count(umid(1), 3, 3))
	d.decide(umid(2), rooms.ControlRunning, 0)
	if j := h.jobs(1)[0]; j.UMID != umid(2) || h.contact(j) != phone(500).Address.Reveal() {
		t.Errorf("job %+v", j)
	}
	h.told("the named one is counted", count(umid(2), 1, 1))
}

// A message that is paused between two pages goes on behind the last, whoever planned it before, and each recipient has one job.
func TestPausedBetweenPages(t *testing.T) {
	for _, direct := range []bool{false, true} {
		t.Run(fmt.Sprint("direct ", direct), func(t *testing.T) {
			const all = 2*rooms.PageSize + 500
			h, d := newHouse(t), newDesk()
			h.controls = d
			var named []rooms.Contact
			if direct {
				for n := range all {
					named = append(named, phone(n))
				}
			} else {
				h.subscribe(all)
			}
			d.decide(umid(1), rooms.ControlPaused, 3) // asked for the message, by large, and for each page
			h.publish(1, named...)
			h.publish(2, phone(90000))
			h.plan()
			seen := map[int]bool{}
			take := func(want, first int) {
				t.Helper()
				for _, j := range h.jobs(want) {
					if j.UMID == umid(1) && (seen[j.N] || j.N < first) {
						t.Errorf("recipient %d again", j.N)
					}
					seen[j.N] = true
				}
			}
			take(rooms.PageSize+1, 0)
			h.halt()
			d.decide(umid(1), rooms.ControlRunning, 0)
			d.decide(umid(1), rooms.ControlPaused, 3) // and once more
			h.plan()
			take(rooms.PageSize, rooms.PageSize)
			h.halt()
			d.decide(umid(1), rooms.ControlRunning, 0)
			h.plan()
			take(500, 2*rooms.PageSize)
			h.told("all are counted", count(umid(1), all, all))
			if len(seen) != all {
				t.Errorf("%d recipients, want %d", len(seen), all)
			}
		})
	}
}

func TestCancelledMessageIsCounted(t *testing.T) {
	h, d := newHouse(t), newDesk()
	h.controls = d
	h.subscribe(2)
	var named []rooms.Contact
	for n := range rooms.PageSize + 1 {
		named = append(named, phone(n))
	}
	d.decide(umid(1), rooms.ControlCancelled, 0)
	d.decide(umid(2), rooms.ControlCancelled, 0)
	d.decide(umid(3), rooms.ControlPaused, 0)
	h.publish(1, named...)
	h.publish(2)
	h.publish(3, named...)
	h.publish(4, phone(7))
	h.plan()
	if j := h.jobs(1)[0]; j.UMID != umid(4) {
		t.Errorf("job of %s", j.UMID)
	}
	h.told("the named are counted", count(umid(1), len(named), len(named)))
	h.told("nobody else was a recipient", count(umid(2), 0, 0))
	d.decide(umid(3), rooms.ControlCancelled, 0)
	h.told("those who were put aside are counted", count(umid(3), len(named), len(named)))
	h.jobs(0)
}

// A message that nobody lets go on is planned when it has expired, so that its deliveries fail.
func TestPausedMessageExpires(t *testing.T) {
	h, d := newHouse(t), newDesk()
	h.controls = d
	d.decide(umid(1), rooms.ControlPaused, 0)
	h.publishAs(1, func(m *rooms.Message) { m.ExpiresAt = time.Now().Add(2 * time.Second) }, phone(1))
	h.plan()
	if j := h.jobs(1)[0]; time.Now().Before(j.Deadline) {
		t.Error("it is planned before it has expired")
	}
}

// A planner that died between putting a message aside and settling it is given it again; it is planned once all the same.
func TestPutAsideAndGivenAgain(t *testing.T) {
	h, d := newHouse(t), newDesk()
	h.controls = d
	h.publish(1, phone(1), phone(2))
	turn, err := h.log.Turn(t.Context(), rooms.Normal, h.epochs.Add(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := turn.SetAside(t.Context(), stream.Aside{UMID: umid(1), Message: 1, Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	h.plan() // it goes on already
	for n, j := range h.jobs(2) {
		if j.UMID != umid(1) || j.N != n {
			t.Errorf("job %+v", j)
		}
	}
	h.told("both are counted", count(umid(1), 2, 2))
	h.told("what was put aside is done with", func(events []rooms.Event) error {
		for _, e := range events {
			if e.Kind == rooms.EventPlanned {
				return nil
			}
		}
		return errors.New("not yet")
	})
	h.jobs(0)
}
