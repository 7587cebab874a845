package stream_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// queueOf enqueues a page of so many jobs, and opens their queue.
func queueOf(t *testing.T, l *stream.Log, jobs int) *stream.Jobs {
	t.Helper()
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{page(umid(1), 0, jobs)}); err != nil {
		t.Fatal(err)
	}
	return jobsOf(t, l)
}

func jobsOf(t *testing.T, l *stream.Log) *stream.Jobs {
	t.Helper()
	q, err := l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func settled(t *testing.T, jobs []*stream.Job) {
	t.Helper()
	for _, j := range jobs {
		if err := j.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// left waits until these jobs, by their numbers, are what is left in the queue.
func left(t *testing.T, l *stream.Log, want ...int) {
	t.Helper()
	var got []int
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		got = nil
		if _, err := l.ScanJobs(t.Context(), rooms.Normal, 0, 5000, func(_ uint64, j rooms.Job) error {
			got = append(got, j.N)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if slices.Equal(got, want) {
			return
		}
	}
	t.Fatalf("left are %v, want %v", got, want)
}

func TestSettledJobsLeaveAndOthersStay(t *testing.T) {
	l, err := stream.Open(t.Context(), brokertest.Start(t), nothingKept{}, stream.Options{AckWait: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	q := queueOf(t, l, 900)
	jobs := take(t, q, 600) // 300 are not handed out
	if err := jobs[100].Later(time.Second); err != nil {
		t.Fatal(err)
	}
	settled(t, jobs[:100])
	settled(t, jobs[101:550]) // behind one that comes again
	var want []int
	for n := 550; n < 900; n++ {
		want = append(want, n)
	}
	left(t, l, append([]int{100}, want...)...)
	again := take(t, q, 1)
	if again[0].N != 100 || !again[0].MayRepeat() {
		t.Errorf("job %d came again, want 100", again[0].N)
	}
	settled(t, again)
	left(t, l, want...)
}

// nothingKept is a manifest of which nobody reads anything.
type nothingKept struct{}

func (nothingKept) Has(string) bool  { return false }
func (nothingKept) Add(string) error { return nil }

func TestSettledJobsLeaveThoseOfOthers(t *testing.T) {
	s := brokertest.Start(t)
	l := open(t, s)
	mine, his := queueOf(t, l, 60), jobsOf(t, open(t, s))
	first := take(t, his, 5) // before the others, among them and after them
	got := take(t, mine, 20)
	second := take(t, his, 5)
	got = append(got, take(t, mine, 20)...)
	settled(t, got)
	left(t, l, append([]int{0, 1, 2, 3, 4, 25, 26, 27, 28, 29}, span(50, 60)...)...)
	settled(t, append(first, second...))
	left(t, l, span(50, 60)...)
	settled(t, take(t, mine, 10))
	left(t, l)
}

func span(from, before int) (all []int) {
	for n := from; n < before; n++ {
		all = append(all, n)
	}
	return all
}

// What was handed out before a restart and not settled comes again, whatever is settled after it.
func TestSettledJobsLeaveThoseOfBefore(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := brokertest.StartAt(t, dir)
	options := stream.Options{AckWait: 2 * time.Second}
	l, err := stream.Open(t.Context(), s, s.Manifest(), options)
	if err != nil {
		t.Fatal(err)
	}
	q := queueOf(t, l, 100)
	settled(t, take(t, q, 30)[10:])
	l.Close()
	s.Stop()
	s = brokertest.StartAt(t, dir)
	if l, err = stream.Open(context.Background(), s, s.Manifest(), options); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	q = jobsOf(t, l)
	came := map[int]*stream.Job{}
	for len(came) < 80 {
		for _, j := range take(t, q, 1) {
			came[j.N] = j
			if j.N >= 30 {
				settled(t, []*stream.Job{j})
			}
		}
	}
	left(t, l, span(0, 10)...)
	for n := range 10 {
		if came[n] == nil {
			t.Fatalf("job %d did not come again", n)
		}
		settled(t, []*stream.Job{came[n]})
	}
	left(t, l)
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{page(umid(2), 0, 50)}); err != nil {
		t.Fatal(err)
	}
	settled(t, take(t, q, 50))
	left(t, l)
}
