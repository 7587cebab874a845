package stream_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// moving moves what falls due in the normal lane until the test ends, and gives its queue of text messages.
func moving(t *testing.T, l *stream.Log) *stream.Jobs {
	ctx, cancel := context.WithCancel(context.Background())
	var moved sync.WaitGroup
	moved.Go(func() { _ = l.MoveDue(ctx, rooms.Normal) })
	t.Cleanup(func() { cancel(); moved.Wait() })
	q, err := l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func take(t *testing.T, q *stream.Jobs, n int) (got []*stream.Job) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for len(got) < n && time.Now().Before(deadline) {
		if err := q.Fetch(t.Context(), n-len(got), time.Second, func(j *stream.Job) { got = append(got, j) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != n {
		t.Fatalf("%d jobs came, want %d", len(got), n)
	}
	return got
}

// A job that is postponed twice comes twice, although the queue knows it from the first time.
func TestJobThatIsPostponedTwice(t *testing.T) {
	l := start(t)
	q := moving(t, l)
	job := page(umid(1), 0, 1).Jobs[0]
	for range 2 {
		job.Due = time.Now().Add(100 * time.Millisecond).UTC().Truncate(time.Millisecond)
		if err := l.Park(t.Context(), job, job.Due); err != nil {
			t.Fatal(err)
		}
		got := take(t, q, 1)[0]
		if !got.MayRepeat() || got.Attempt != 1 || !got.Due.Equal(job.Due) {
			t.Errorf("got %v, want the same attempt, which may be a repeat", got.Job)
		}
		if err := got.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatWaitsForLongIsHastened(t *testing.T) {
	l := start(t)
	q := moving(t, l)
	job := page(umid(1), 0, 1).Jobs[0]
	job.Attempt, job.Moved = 2, 2
	if err := l.Park(t.Context(), job, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		attempt int
		other   rooms.Channel
		want    bool
	}{{3, rooms.Email, false}, {2, rooms.SMS, false}, {2, rooms.Email, true}} {
		if got, err := l.Hasten(t.Context(), job.ID(), 0, tc.attempt, tc.other, time.Now()); err != nil || got != tc.want {
			t.Errorf("attempt %d, not by %s: %v, %v; want %v", tc.attempt, tc.other, got, err, tc.want)
		}
	}
	got := take(t, q, 1)[0]
	if fmt.Sprint(got.Job) != fmt.Sprint(job) {
		t.Errorf("got %v, want %v", got.Job, job)
	}
	if again, err := l.Hasten(t.Context(), job.ID(), 0, 2, rooms.Email, time.Now()); err != nil || again {
		t.Errorf("what came is hastened again: %v, %v", again, err)
	}
}

// What waits for a person to decide stays until its deadline, whatever is heard of another channel.
func TestUndecidedIsNotHastened(t *testing.T) {
	l := start(t)
	job := page(umid(1), 0, 1).Jobs[0]
	job.Attempt, job.Undecided = 2, true
	if err := l.Park(t.Context(), job, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Hasten(t.Context(), job.ID(), 0, 2, rooms.Email, time.Now()); err != nil || got {
		t.Errorf("it is hastened: %v, %v", got, err)
	}
}

// Those that wait to be parked share commits; all of them come back.
func TestManyAreParkedTogether(t *testing.T) {
	l := start(t)
	q := moving(t, l)
	const count, atOnce = 5000, 64
	due := time.Now().Add(time.Second)
	jobs := make(chan rooms.Job)
	var parking sync.WaitGroup
	for range atOnce {
		parking.Go(func() {
			for j := range jobs {
				if err := l.Park(t.Context(), j, due); err != nil {
					t.Error(err)
				}
			}
		})
	}
	began := time.Now()
	for n := range count {
		j := page(umid(1), 0, 1).Jobs[0]
		j.N, j.Due = n, due.UTC()
		jobs <- j
	}
	close(jobs)
	parking.Wait()
	t.Logf("%.0f parked per second", count/time.Since(began).Seconds())
	seen := map[int]bool{}
	for _, j := range take(t, q, count) {
		seen[j.N] = true
		if err := j.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != count {
		t.Errorf("%d of %d came back", len(seen), count)
	}
}
