package stream_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

func open(t testing.TB, s *broker.Server) *stream.Log {
	t.Helper()
	l, err := stream.Open(context.Background(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatalf("open the log: %v", err)
	}
	t.Cleanup(l.Close)
	return l
}

func start(t testing.TB) *stream.Log { return open(t, brokertest.Start(t)) }

func umid(n int) rooms.UMID { return rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)) }

func message(n int) rooms.Message {
	at := time.UnixMilli(1_764_000_000_000).UTC()
	return rooms.Message{
		Header: rooms.Header{
			UMID: umid(n), Room: "newborn", Type: "reminder", Lane: rooms.Normal, Publisher: "hosp-7",
			MHASH: "hash", TxID: fmt.Sprintf("tx-%d", n), Policy: rooms.Revision{Name: "standard", Revision: 1},
			ReceivedAt: at, ExpiresAt: at.Add(24 * time.Hour),
		},
		Payload: []byte(`{"text":"hello"}`), Sealed: []byte{1, 2, 3},
	}
}

func TestMessageIsReadAsAppended(t *testing.T) {
	l := start(t)
	m := message(1)
	seq, known, err := l.Append(t.Context(), m)
	if err != nil || known {
		t.Fatalf("append: %v, known %v", err, known)
	}
	m.Sequence = seq
	got, err := l.Message(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(m) {
		t.Errorf("read   %v\nstored %v", got, m)
	}
}

func TestSameTransactionIsStoredOnce(t *testing.T) {
	l := start(t)
	first, _, err := l.Append(t.Context(), message(1))
	if err != nil {
		t.Fatal(err)
	}
	again, known, err := l.Append(t.Context(), message(1))
	if err != nil || !known || again != first {
		t.Errorf("second append: sequence %d known %v error %v, want %d true nil", again, known, err, first)
	}
}

// Many appends at once go as atomic batches; an id among them that is known must not harm the
// others.
func TestGroupCommitWithKnownIDs(t *testing.T) {
	l := start(t)
	for n := range 5 {
		if _, _, err := l.Append(t.Context(), message(n*37)); err != nil {
			t.Fatal(err)
		}
	}
	type result struct {
		seq   uint64
		known bool
		err   error
	}
	results := make([]result, 400)
	var all sync.WaitGroup
	for n := range results {
		all.Go(func() {
			seq, known, err := l.Append(t.Context(), message(n/2)) // each id twice
			results[n] = result{seq, known, err}
		})
	}
	all.Wait()
	stored := map[uint64]int{}
	for n, r := range results {
		if r.err != nil {
			t.Fatalf("append %d: %v", n, r.err)
		}
		if !r.known {
			stored[r.seq]++
		}
		m, err := l.Message(t.Context(), r.seq)
		if err != nil || m.UMID != umid(n/2) {
			t.Fatalf("append %d stands at %d, where %s is: %v", n, r.seq, m.UMID, err)
		}
	}
	if len(stored) != 195 {
		t.Errorf("%d stored, want 195 (200 ids, 5 known before)", len(stored))
	}
}

func TestEraseLeavesNothing(t *testing.T) {
	l := start(t)
	seq, _, err := l.Append(t.Context(), message(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Erase(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Message(t.Context(), seq); !errors.Is(err, stream.ErrGone) {
		t.Errorf("read after erase: %v", err)
	}
}

func page(u rooms.UMID, number, jobs int) stream.PageJobs {
	p := stream.PageJobs{UMID: u, Page: number}
	for i := range jobs {
		p.Jobs = append(p.Jobs, rooms.Job{UMID: u, N: number*rooms.PageSize + i, Room: "newborn", Sequence: 7,
			Lane: rooms.Normal, Channel: rooms.SMS, Owner: "o", Contact: []byte{9}, Attempt: 1, Deadline: time.Now().UTC()})
	}
	return p
}

func fetch(t *testing.T, q *stream.Jobs, max int) []*stream.Job {
	t.Helper()
	var jobs []*stream.Job
	if err := q.Fetch(t.Context(), max, 300*time.Millisecond, func(j *stream.Job) { jobs = append(jobs, j) }); err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestPageBecomesJobsOnce(t *testing.T) {
	l := start(t)
	pages := []stream.PageJobs{page(umid(1), 0, 3), page(umid(2), 0, 1), page(umid(3), 0, 999)}
	if err := l.Enqueue(t.Context(), rooms.Normal, pages[:1]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first is known already; all are the second time
		if err := l.Enqueue(t.Context(), rooms.Normal, pages); err != nil {
			t.Fatal(err)
		}
	}
	q, err := l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	if err != nil {
		t.Fatal(err)
	}
	if jobs := fetch(t, q, 2000); len(jobs) != 1003 {
		t.Errorf("%d jobs, want 1003", len(jobs))
	}
}

func TestPageIsNotRepeatedAfterAcksAndRestart(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := brokertest.StartAt(t, dir)
	l := open(t, s)
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{page(umid(1), 0, 3)}); err != nil {
		t.Fatal(err)
	}
	q, _ := l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	for _, j := range fetch(t, q, 3) {
		if j.MayRepeat() {
			t.Error("a job stored after the start, first attempt, cannot be a repeat")
		}
		if err := j.Done(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	s.Stop()
	l = open(t, brokertest.StartAt(t, dir))
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{page(umid(1), 0, 3)}); err != nil {
		t.Fatal(err)
	}
	q, _ = l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	if jobs := fetch(t, q, 3); len(jobs) != 0 {
		t.Errorf("%d jobs came again", len(jobs))
	}
}

func TestQueuedBeforeStartMayRepeat(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := brokertest.StartAt(t, dir)
	l := open(t, s)
	if err := l.Enqueue(t.Context(), rooms.Bulk, []stream.PageJobs{bulk(page(umid(1), 0, 1))}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	s.Stop()
	l = open(t, brokertest.StartAt(t, dir))
	q, _ := l.Jobs(t.Context(), rooms.Bulk, rooms.SMS)
	jobs := fetch(t, q, 1)
	if len(jobs) != 1 || !jobs[0].MayRepeat() {
		t.Errorf("jobs %v, want one that may repeat", jobs)
	}
}

func bulk(p stream.PageJobs) stream.PageJobs {
	for i := range p.Jobs {
		p.Jobs[i].Lane = rooms.Bulk
	}
	return p
}

func TestParkedJobFallsDueIntoItsQueue(t *testing.T) {
	l := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	var moved sync.WaitGroup
	moved.Go(func() { _ = l.MoveDue(ctx, rooms.Normal) })
	defer moved.Wait()
	defer cancel()
	job := page(umid(1), 0, 1).Jobs[0]
	job.Attempt = 2
	for range 2 { // the second replaces the first
		if err := l.Park(t.Context(), job, time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	q, _ := l.Jobs(t.Context(), rooms.Normal, rooms.SMS)
	var got []*stream.Job
	if err := q.Fetch(t.Context(), 1, 10*time.Second, func(j *stream.Job) { got = append(got, j) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !got[0].MayRepeat() || fmt.Sprint(got[0].Job) != fmt.Sprint(job) {
		t.Fatalf("got %v, want %v", got, job)
	}
	if err := got[0].Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	if more := fetch(t, q, 1); len(more) != 0 {
		t.Errorf("came again: %v", more)
	}
}

func TestFullQueueSaysSo(t *testing.T) {
	s := brokertest.Start(t)
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{QueueBytes: map[rooms.Lane]int64{rooms.Bulk: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for n := range 20 {
		if err = l.Enqueue(t.Context(), rooms.Bulk, []stream.PageJobs{bulk(page(umid(n), 0, 999))}); err != nil {
			break
		}
	}
	if !errors.Is(err, stream.ErrFull) {
		t.Errorf("a full queue says %v", err)
	}
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{page(umid(99), 0, 1)}); err != nil {
		t.Errorf("another lane: %v", err)
	}
}

func TestTailGivesEverythingInOrder(t *testing.T) {
	l := start(t)
	for n := range 30 {
		if err := l.Record(t.Context(), rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: umid(n), N: n, Attempt: 1, At: time.Now().UTC()}); err != nil {
			t.Fatal(err)
		}
	}
	_, end, err := l.Ends(t.Context())
	if err != nil || end != 30 {
		t.Fatalf("end %d, %v", end, err)
	}
	var got []rooms.Event
	enough := errors.New("enough")
	err = l.TailEvents(t.Context(), 10, func(es []rooms.Event) error {
		got = append(got, es...)
		if len(got) == 20 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || got[0].UMID != umid(10) || got[19].Sequence != 30 {
		t.Errorf("%v: %v", err, got)
	}
}

func TestEventIsRecordedOnce(t *testing.T) {
	l := start(t)
	e := rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: umid(1), N: 4, Attempt: 1, At: time.Now().UTC()}
	for range 3 {
		if err := l.Record(t.Context(), e, e); err != nil {
			t.Fatal(err)
		}
	}
	if _, end, _ := l.Ends(t.Context()); end != 1 {
		t.Errorf("%d events, want 1", end)
	}
}

func subscriber(n int) rooms.Subscriber {
	return rooms.Subscriber{ID: rooms.SubscriberID(base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%020d", n))), Room: "newborn", Channel: rooms.SMS, Contact: []byte{byte(n)}, Since: time.Now().UTC()}
}

func TestSubscribers(t *testing.T) {
	l := start(t)
	var subs []rooms.Subscriber
	for n := range 500 {
		subs = append(subs, subscriber(n))
	}
	if err := l.AddSubscribers(t.Context(), subs); err != nil {
		t.Fatal(err)
	}
	if err := l.AddSubscribers(t.Context(), []rooms.Subscriber{subscriber(3)}); !errors.Is(err, stream.ErrExists) {
		t.Errorf("the same again: %v", err)
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", subs[7].ID); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", subs[7].ID); !errors.Is(err, stream.ErrGone) {
		t.Errorf("removed twice: %v", err)
	}
	var seen []rooms.Subscriber
	if err := l.ScanSubscribers(t.Context(), "newborn", 0, func(e rooms.Subscriber) error { seen = append(seen, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 499 {
		t.Errorf("scan found %d, want 499", len(seen))
	}
	got, err := l.Subscribers(t.Context(), "newborn", seen[400].Sequence, 1000)
	if err != nil || len(got) != 99 {
		t.Errorf("%d entries from the 400th on, %v", len(got), err)
	}
	found, err := l.FindSubscribers(t.Context(), "newborn", []rooms.SubscriberID{subs[1].ID, subs[7].ID})
	if err != nil || len(found) != 1 || found[0].ID != subs[1].ID {
		t.Errorf("found %v, %v", found, err)
	}
	if err := l.RemoveSubscribers(t.Context(), "newborn"); err != nil {
		t.Fatal(err)
	}
	if got, _ := l.Subscribers(t.Context(), "newborn", 0, 10); len(got) != 0 {
		t.Errorf("%d left", len(got))
	}
}

func TestMarkIsThatOfTheFirst(t *testing.T) {
	l := start(t)
	first := page(umid(1), 0, 2)
	first.Mark = stream.Mark{Recipients: "ss", Sequence: 7, Last: true}
	if err := l.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{first}); err != nil {
		t.Fatal(err)
	}
	again := []stream.PageJobs{page(umid(2), 0, 1), page(umid(1), 0, 5)}
	if err := l.Enqueue(t.Context(), rooms.Normal, again); err != nil {
		t.Fatal(err)
	}
	if again[1].Mark != first.Mark {
		t.Errorf("mark %+v, want that of the jobs that are there, %+v", again[1].Mark, first.Mark)
	}
	if m, ok, err := l.Mark(t.Context(), rooms.Normal, umid(1), 0); err != nil || !ok || m != first.Mark {
		t.Errorf("mark %+v %v %v", m, ok, err)
	}
	if _, ok, err := l.Mark(t.Context(), rooms.Normal, umid(1), 1); err != nil || ok {
		t.Errorf("a page that is none has a mark: %v %v", ok, err)
	}
}
