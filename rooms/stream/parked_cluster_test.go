package stream

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Jobs of a paused message are stored by one node and taken back by others, each once, in their order, also by a call that
// was interrupted and one that repeats it.
func (n standing) TestJobsWaitAndGoBackOnce(t *testing.T) {
	const many = 120
	u := rooms.UMID("01JDB6T0G00000000000000001")
	page := PageJobs{UMID: u}
	for i := range many {
		page.Jobs = append(page.Jobs, rooms.Job{UMID: u, N: i, Room: "newborn", Sequence: 7, Lane: rooms.Bulk, Channel: rooms.SMS,
			Owner: "o", Contact: []byte{9}, Attempt: 2, Round: 1, Deadline: time.Now().UTC()})
	}
	if err := n.logs[0].Enqueue(t.Context(), rooms.Bulk, []PageJobs{page}); err != nil {
		t.Fatal(err)
	}
	set := func(from *Log, twice bool) {
		t.Helper()
		q, err := from.Jobs(t.Context(), rooms.Bulk, rooms.SMS)
		if err != nil {
			t.Fatal(err)
		}
		left := many
		for left > 0 {
			err := q.Fetch(t.Context(), left, 2*time.Second, func(j *Job) {
				err := j.Suspend(t.Context())
				if err == nil && twice {
					err = j.Suspend(t.Context()) // as after an answer that was lost
				}
				if err := errors.Join(err, j.Held.Done(t.Context())); err != nil {
					t.Error(err)
				}
				left--
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	set(n.logs[0], true)
	for i, l := range n.logs {
		if all, err := l.Suspended(t.Context()); err != nil || len(all) != 1 || all[u] != many {
			t.Fatalf("node %d: %v, %v", i, all, err)
		}
	}

	jobs, upTo, err := n.logs[1].SuspendedJobs(t.Context(), u, 0, 50)
	if err != nil || len(jobs) != 50 || jobs[0].Round != 1 || jobs[0].Attempt != 2 || jobs[0].Channel != rooms.SMS || jobs[0].Lane != rooms.Bulk || !jobs[0].Waited {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	if err := n.logs[1].moveBack(t.Context(), rooms.Bulk, u, jobs, moved{}, upTo); err != nil { // and is gone before it drops them
		t.Fatal(err)
	}
	if err := n.logs[2].moveBack(t.Context(), rooms.Bulk, u, jobs, moved{}, upTo); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("somebody who knows of nothing: %v", err)
	}
	back := func(l *Log) {
		t.Helper()
		for {
			count, err := l.Unsuspend(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			if count == 0 {
				return
			}
		}
	}
	back(n.logs[2])
	inLane(t, n.logs[0], rooms.Bulk, many)

	set(n.logs[0], false) // paused a second time, the same attempts wait again
	back(n.logs[1])
	inLane(t, n.logs[2], rooms.Bulk, many)
	if all, err := n.logs[0].Suspended(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}

// inLane wants each of so many deliveries once, in order.
func inLane(t *testing.T, l *Log, lane rooms.Lane, many int) {
	t.Helper()
	var got []int
	_, err := l.ScanJobs(t.Context(), lane, 0, 10_000, func(_ uint64, j rooms.Job) error {
		got = append(got, j.N)
		return nil
	})
	want := slices.Collect(func(yield func(int) bool) {
		for i := range many {
			if !yield(i) {
				return
			}
		}
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("in the lane are %v: %v", got, err)
	}
}

// A page of a message that was put aside is stored once, whoever still wants to, and never by a planner whose turn is over.
func (n standing) TestPageOfAnAsideIsStoredOnce(t *testing.T) {
	u := rooms.UMID("01JDB6T0G00000000000000003")
	begin := func(l *Log, epoch uint64) *Turn {
		t.Helper()
		turn, err := l.Turn(t.Context(), rooms.Emergency, epoch)
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	stale, fresh := begin(n.logs[0], 1), (*Turn)(nil)
	a := Aside{UMID: u, Message: 7, Expires: time.Now().UTC()}
	for range 2 {
		if err := stale.SetAside(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	latest := func(of *Turn, want int) Aside {
		t.Helper()
		all, err := of.Asides(t.Context())
		if err != nil || len(all[u]) != want {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[u][want-1]
	}
	first := latest(stale, 1)
	job := rooms.Job{UMID: u, Room: "newborn", Lane: rooms.Emergency, Channel: rooms.SMS, Owner: "o", Attempt: 1, Deadline: time.Now().UTC()}
	next := Aside{UMID: u, Message: 7, Pages: 1, Recipients: 1, Marks: "s"}
	if err := stale.EnqueueAside(t.Context(), []rooms.Job{job}, first, &next); err != nil {
		t.Fatal(err)
	}
	if again := next; !errors.Is(stale.EnqueueAside(t.Context(), []rooms.Job{job}, first, &again), ErrExists) {
		t.Error("the page was stored twice")
	}
	fresh = begin(n.logs[1], 2)
	second := latest(fresh, 2)
	if second.Pages != 1 || second.Marks != "s" || second.entry != next.entry {
		t.Errorf("%+v, want %+v", second, next)
	}
	for _, jobs := range [][]rooms.Job{{job}, nil} {
		after := Aside{UMID: u, Message: 7, Pages: 2, Last: true}
		if err := stale.EnqueueAside(t.Context(), jobs, second, &after); !errors.Is(err, ErrFenced) {
			t.Errorf("%d jobs of a planner whose turn is over: %v", len(jobs), err)
		}
	}
	if err := stale.SetAside(t.Context(), Aside{UMID: "01JDB6T0G00000000000000004"}); !errors.Is(err, ErrFenced) {
		t.Errorf("put aside by a planner whose turn is over: %v", err)
	}
	if err := fresh.EnqueueAside(t.Context(), nil, second, &Aside{UMID: u, Message: 7, Pages: 2, Last: true}); err != nil {
		t.Fatal(err)
	}
	if err := fresh.DropAside(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	until(t, func() error { // a replica may know it a moment later
		all, err := fresh.Asides(t.Context())
		if err == nil && len(all) != 0 {
			err = fmt.Errorf("%+v", all)
		}
		return err
	})
	inLane(t, n.logs[2], rooms.Emergency, 1)
}

// A control that is forgotten can be decided anew; one that has changed meanwhile stays.
func (n standing) TestControlIsForgotten(t *testing.T) {
	c := rooms.Control{UMID: "01JDB6T0G00000000000000001", Room: "newborn", State: rooms.ControlPaused}
	for i := range 3 {
		entry, err := n.logs[i].PutControl(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		later := c
		later.Entry = entry
		if later.Entry, err = n.logs[0].PutControl(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		old := c
		old.Entry = entry
		if err := n.logs[1].DropControl(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		if got, err := n.logs[2].Control(t.Context(), c.UMID); err != nil || got.Entry != later.Entry {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := n.logs[1].DropControl(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		if got, err := n.logs[2].Control(t.Context(), c.UMID); !errors.Is(err, ErrGone) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
}

// Attempts that wait are found by what they are, those of a later round too, and taken away.
func (n standing) TestRetriesAreFound(t *testing.T) {
	u := rooms.UMID("01JDB6T0G00000000000000001")
	due := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	var wanted []Retry
	for i := range 6 {
		j := rooms.Job{UMID: u, N: i, Room: "newborn", Lane: rooms.Bulk, Channel: rooms.SMS, Attempt: 2, Round: i % 2, Deadline: due}
		if i < 5 {
			if err := n.logs[0].Park(t.Context(), j, due); err != nil {
				t.Fatal(err)
			}
		}
		wanted = append(wanted, Retry{DeliveryID: j.ID(), Round: j.Round, Attempt: 2}, Retry{DeliveryID: j.ID(), Round: j.Round, Attempt: 3})
	}
	found, err := n.logs[1].Retries(t.Context(), wanted)
	if err != nil || len(found) != 5 {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, r := range found {
		if !r.Due.Equal(due) || r.Attempt != 2 || r.Round != r.N%2 {
			t.Errorf("%+v", r)
		}
		for range 2 {
			if err := n.logs[2].DropRetry(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found, err := n.logs[0].Retries(t.Context(), wanted); err != nil || len(found) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
}

// Events of a kind are read from a time on.
func (n standing) TestEventsAreScanned(t *testing.T) {
	u := rooms.UMID("01JDB6T0G00000000000000001")
	fail := func(from, count int) {
		t.Helper()
		var events []rooms.Event
		for i := range count {
			for _, kind := range []rooms.Kind{rooms.EventFailed, rooms.EventSent} {
				events = append(events, rooms.Event{Kind: kind, Room: "newborn", UMID: u, N: from + i, Attempt: 1, Code: fmt.Sprint(from + i)})
			}
		}
		if err := n.logs[0].Record(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	scan := func(since time.Time) (found int) {
		t.Helper()
		err := n.logs[1].ScanEvents(t.Context(), "newborn", rooms.EventFailed, since, func(e rooms.Event) {
			if e.Kind != rooms.EventFailed || e.Code != fmt.Sprint(e.N) {
				t.Errorf("%+v", e)
			}
			found++
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := scan(time.Now().Add(-time.Hour)); found != 0 {
		t.Errorf("%d of none", found)
	}
	fail(0, 1100)
	between := time.Now()
	fail(1100, 3)
	if all, some, none := scan(time.Now().Add(-time.Hour)), scan(between), scan(time.Now().Add(time.Hour)); all != 1103 || some != 3 || none != 0 {
		t.Errorf("%d, %d and %d", all, some, none)
	}
}
