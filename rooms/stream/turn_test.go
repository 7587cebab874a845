package stream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

func turn(t *testing.T, l *stream.Log, epoch uint64) *stream.Turn {
	t.Helper()
	turn, err := l.Turn(t.Context(), rooms.Normal, epoch)
	if err != nil {
		t.Fatalf("turn %d: %v", epoch, err)
	}
	return turn
}

func appended(t *testing.T, l *stream.Log, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, _, err := l.Append(t.Context(), message(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// got fetches until want messages have come, and gives their numbers.
func got(t *testing.T, turn *stream.Turn, want int) (all []stream.Received) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // less than AckWait
	defer cancel()
	for len(all) < want {
		some, err := turn.Fetch(ctx, 100, 100*time.Millisecond)
		if err != nil || ctx.Err() != nil {
			t.Fatalf("%d messages, want %d: %v", len(all), want, errors.Join(err, ctx.Err()))
		}
		all = append(all, some...)
	}
	return all
}

func numbers(all []stream.Received) string {
	out := []rooms.UMID{}
	for _, m := range all {
		out = append(out, m.UMID[len(m.UMID)-2:])
	}
	return fmt.Sprint(out)
}

func finish(t *testing.T, all []stream.Received) {
	t.Helper()
	for _, m := range all {
		if err := m.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Who was suspended and wakes up believing that it is still his turn is refused by the log
// itself, even if no mark is left of what the other has planned meanwhile.
func TestStalePlannerIsRefused(t *testing.T) {
	l := start(t)
	stale := turn(t, l, 1)
	if err := stale.Enqueue(t.Context(), []stream.PageJobs{page(umid(1), 0, 3)}); err != nil {
		t.Fatal(err)
	}
	fresh := turn(t, l, 2)
	for _, pages := range [][]stream.PageJobs{
		{page(umid(2), 0, 3)},
		{page(umid(2), 0, 0), page(umid(3), 0, 1)}, // its condition stands on a job, not on the first entry
		{page(umid(2), 0, 999), page(umid(3), 0, 999)},
		{page(umid(2), 0, 0)}, // nobody to reach, as a replica that lags may say
		{page(umid(2), 0, 0), page(umid(3), 0, 0)},
	} {
		if err := stale.Enqueue(t.Context(), pages); !errors.Is(err, stream.ErrFenced) {
			t.Errorf("the stale planner got %v", err)
		}
	}
	if n := queued(t, l); n != 3 {
		t.Errorf("%d jobs, want 3", n)
	}
	for n := range 2 {
		if _, ok, err := l.Mark(t.Context(), rooms.Normal, umid(2+n), 0); ok || err != nil {
			t.Errorf("message %d has a mark: %v", 2+n, err)
		}
	}
	if err := fresh.Enqueue(t.Context(), []stream.PageJobs{page(umid(4), 0, 0)}); err != nil {
		t.Error(err)
	}
	for n := range 3 { // the fence stands as long as the turn does
		if err := fresh.Enqueue(t.Context(), []stream.PageJobs{page(umid(10+n), 0, 2), page(umid(20+n), 0, 2)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := queued(t, l); n != 15 {
		t.Errorf("%d jobs, want 15", n)
	}
	if _, err := l.Turn(t.Context(), rooms.Normal, 1); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("a turn of an earlier epoch got %v", err)
	}
	turn(t, l, 2)
	if err := fresh.Enqueue(t.Context(), []stream.PageJobs{page(umid(30), 0, 2)}); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("the turn before, of the same epoch, got %v", err)
	}
}

func queued(t *testing.T, l *stream.Log) uint64 {
	t.Helper()
	n, err := l.QueueLength(t.Context(), rooms.Normal, rooms.SMS)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What a planner had in hand when it died comes to its successor at once and before what is new,
// although the log would keep it for AckWait.
func TestSuccessorTakesWhatIsInHand(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 5)
	first := got(t, turn(t, l, 1), 5)
	finish(t, first[1:2])
	appended(t, l, 6, 8)
	all := got(t, turn(t, l, 2), 7)
	if s := numbers(all); s != "[01 03 04 05 06 07 08]" {
		t.Errorf("came %s", s)
	}
}

// A pull of a planner that is gone may still be given a message: its successor misses it and has
// it come back before anything that stands behind it.
func TestMessageGivenToTheDeadComesBack(t *testing.T) {
	for more, want := range map[int]string{0: "[02 03]", 3: "[02 03 04 05 06]"} { // messages behind it
		t.Run(want, func(t *testing.T) {
			l := start(t)
			now := turn(t, l, 1)
			appended(t, l, 1, 1)
			finish(t, got(t, now, 1))
			if some, err := now.Fetch(t.Context(), 10, 50*time.Millisecond); err != nil || len(some) > 0 {
				t.Fatalf("%d messages, %v", len(some), err)
			}
			appended(t, l, 2, 3)
			dead, err := l.Intake(t.Context(), rooms.Normal)
			if err != nil {
				t.Fatal(err)
			}
			if lost, err := dead.Fetch(t.Context(), 2, time.Second); err != nil || len(lost) != 2 {
				t.Fatalf("%d messages, %v", len(lost), err)
			}
			appended(t, l, 4, 3+more)
			all := got(t, now, 2+more)
			if s := numbers(all); s != want {
				t.Errorf("came %s, want %s", s, want)
			}
			finish(t, all)
			appended(t, l, 10, 12)
			if s := numbers(got(t, now, 3)); s != "[10 11 12]" {
				t.Errorf("then came %s", s)
			}
		})
	}
}
