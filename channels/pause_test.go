package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// decisions are what tests decide about messages.
type decisions struct {
	mu    sync.Mutex
	known map[rooms.UMID]rooms.ControlState
	wrong map[rooms.UMID]int
}

func (d *decisions) decide(u rooms.UMID, s rooms.ControlState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[u] = s
}

func (d *decisions) Of(u rooms.UMID) rooms.Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	return rooms.Control{UMID: u, State: d.known[u]}
}

func (d *decisions) Failed(u rooms.UMID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong[u]++
}

// sendings count what reached a provider.
type sendings struct {
	mu   sync.Mutex
	seen map[rooms.DeliveryID]int
}

func (s *sendings) Send(_ context.Context, d rooms.Delivery) Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[d.ID]++
	return Outcome{Result: Sent}
}

// of gives how many deliveries of a message were sent, and how many of them more than once.
func (s *sendings) of(u rooms.UMID) (sent, doubled int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, n := range s.seen {
		if id.UMID == u {
			sent++
			if n > 1 {
				doubled++
			}
		}
	}
	return sent, doubled
}

func (s *sendings) all(u rooms.UMID, want int) func() error {
	return func() error {
		if sent, doubled := s.of(u); sent != want || doubled != 0 {
			return fmt.Errorf("%d of %d sent, %d of them twice", sent, want, doubled)
		}
		return nil
	}
}

// A paused message leaves its lane to those behind it, and goes on where it stopped, each delivery once.
func TestPausedMessageMakesRoomAndGoesOn(t *testing.T) {
	r := newRig(t)
	const many = 2000
	paused, behind := r.publish(rooms.Bulk, true, rooms.Email, many), r.publish(rooms.Bulk, true, rooms.Email, 50)
	decided := &decisions{known: map[rooms.UMID]rooms.ControlState{paused: rooms.ControlPaused}}
	provider := &sendings{seen: map[rooms.DeliveryID]int{}}
	d := r.deps(provider)
	d.Controls, d.Failures = decided, decided
	r.runWith(Options{}, d)

	r.eventually("the message behind goes through", provider.all(behind, 50))
	r.eventually("the lane is empty", r.empty(rooms.Bulk))
	waiting, err := r.log.Suspended(t.Context())
	if sent, _ := provider.of(paused); err != nil || waiting[paused] != many || sent != 0 {
		t.Fatalf("%d wait, %d were sent: %v", waiting[paused], sent, err)
	}
	jobs, _, err := r.log.SuspendedJobs(t.Context(), paused, 0, 1)
	if err != nil || len(jobs) != 1 || jobs[0].Lane != rooms.Bulk || jobs[0].Channel != rooms.Email || !jobs[0].Waited {
		t.Fatalf("waiting: %+v, %v", jobs, err)
	}

	decided.decide(paused, rooms.ControlRunning)
	r.unsuspend(paused)
	r.eventually("it goes on", provider.all(paused, many))
	decided.decide(paused, rooms.ControlPaused) // what comes back a second time was sent
	r.eventually("the lane is empty", r.empty(rooms.Bulk))
	if waiting, err := r.log.Suspended(t.Context()); err != nil || waiting[paused] != 0 {
		t.Fatalf("%d wait still: %v", waiting[paused], err)
	}
}

func TestCancelledMessageFails(t *testing.T) {
	r := newRig(t)
	u := r.publish(rooms.Emergency, false, rooms.SMS, 3)
	decided := &decisions{known: map[rooms.UMID]rooms.ControlState{u: rooms.ControlCancelled}, wrong: map[rooms.UMID]int{}}
	provider := &sendings{seen: map[rooms.DeliveryID]int{}}
	d := r.deps(provider)
	d.Controls, d.Failures = decided, decided
	r.runWith(Options{}, d)
	r.eventually("the last one", r.happened(rooms.DeliveryID{UMID: u, N: 2}, "failed 1 cancelled"))
	r.eventually("the lane is empty", r.empty(rooms.Emergency))
	if sent, _ := provider.of(u); sent != 0 || decided.wrong[u] != 0 {
		t.Errorf("%d were sent, %d counted as wrong", sent, decided.wrong[u])
	}
}

// What was stored twice among those that wait, as by a process that died in between, is sent once.
func TestJobThatWaitsTwiceIsSentOnce(t *testing.T) {
	r := newRig(t)
	r.ackWait = time.Second // after which the second is looked at again
	u := r.publish(rooms.Normal, true, rooms.Email, 1)
	decided := &decisions{known: map[rooms.UMID]rooms.ControlState{u: rooms.ControlPaused}}
	provider := &sendings{seen: map[rooms.DeliveryID]int{}}
	d := r.deps(provider)
	d.Controls = decided
	stop, wait := r.runWith(Options{}, d)
	r.eventually("the lane is empty", r.empty(rooms.Normal))
	jobs, _, err := r.log.SuspendedJobs(t.Context(), u, 0, 10)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	if err := r.log.Requeue(t.Context(), jobs); err != nil { // as if it had never been settled
		t.Fatal(err)
	}
	r.eventually("the lane is empty", r.empty(rooms.Normal))
	stop()
	wait()
	if waiting, err := r.log.Suspended(t.Context()); err != nil || waiting[u] != 2 {
		t.Fatalf("%d wait: %v", waiting[u], err)
	}
	decided.decide(u, rooms.ControlRunning)
	r.runWith(Options{}, d)
	r.unsuspend(u)
	r.eventually("the lane is empty", r.empty(rooms.Normal))
	r.eventually("sent once", provider.all(u, 1))
}

func (r *rig) unsuspend(u rooms.UMID) {
	r.Helper()
	for {
		n, err := r.log.Unsuspend(r.Context(), u)
		if err != nil {
			r.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// Of failed deliveries of subscribers it is kept who they are, so that they can be tried anew.
func TestFailureNamesItsSubscriber(t *testing.T) {
	d := &diary{}
	j := d.job(0)
	j.Owner = subscriber
	s := follow(j.Job, Outcome{Result: Rejected}, j.Deadline, 0)
	if s.event.Owner != subscriber {
		t.Errorf("the event names %q", s.event.Owner)
	}
	if s := follow(j.Job, Outcome{Result: Sent, Receipt: true}, j.Deadline, 0); s.event.Owner != subscriber {
		t.Errorf("one that may bounce names %q", s.event.Owner)
	}
	if s := follow(j.Job, Outcome{Result: Sent}, j.Deadline, 0); s.event.Owner != "" {
		t.Errorf("one that was sent names %q", s.event.Owner)
	}
	j.Owner = string(j.UMID) + ".0"
	if s := giveUp(j.Job, rooms.Expired, j.Deadline); s.event.Owner != "" {
		t.Errorf("a named recipient is %q", s.event.Owner)
	}
}

func TestWhatGoesWrongIsTold(t *testing.T) {
	for outcome, want := range map[Result]int{Rejected: 1, Suppressed: 0, Sent: 0} {
		d := &diary{}
		newWorker(d, always(Outcome{Result: outcome})).do(t.Context(), t.Context(), d.job(0), nobody)
		if d.wrong != want {
			t.Errorf("%s: %d told of", outcome, d.wrong)
		}
	}
}

// A job that cannot be set aside is not lost: it stays in its lane.
func TestJobThatCannotBeSetAsideStays(t *testing.T) {
	d := &diary{fail: map[string]error{"suspend": errors.New("full")}}
	d.control.State = rooms.ControlPaused
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newWorker(d, nil)
	if s := w.put(ctx, d.job(0), step{action: suspend}); s.action != leave {
		t.Errorf("the step was %v", s.action)
	}
}
