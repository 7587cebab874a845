package stream

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

func (p *planning) garble(subject string) {
	p.Helper()
	_, err := publish(p.Context(), p.queue, &nats.Msg{Subject: subject, Data: []byte(`{"ch":[`)})
	p.must(err)
}

// One entry that cannot be read keeps nobody else's from being read.
func TestUnreadableSubscriberIsLeftOut(t *testing.T) {
	p := startPlanning(t, Options{})
	subs := someSubscribers(0, 7)
	room := subs[0].Room
	p.must(p.AddSubscribers(t.Context(), subs[:3]))
	p.garble(rooms.SubscriberSubject(room, subs[3].ID))
	p.must(p.AddSubscribers(t.Context(), subs[4:]))
	for limit, want := range map[int]int{3: 3, 4: 4, 6: 6, 7: 6, 100: 6} {
		found, err := p.Subscribers(t.Context(), room, 0, limit)
		if err != nil || len(found) != want {
			t.Errorf("%d of at most %d, want %d: %v", len(found), limit, want, err)
		}
	}
	seen := 0
	err := p.ScanSubscribers(t.Context(), room, 0, func(rooms.Subscriber) error { seen++; return nil })
	if err != nil || seen != 6 {
		t.Errorf("a scan sees %d, want 6: %v", seen, err)
	}
}

func TestUnreadableJobIsLeftOut(t *testing.T) {
	p := startPlanning(t, Options{})
	page := func(n int) PageJobs {
		umid := someMessage(n).UMID
		return PageJobs{UMID: umid, Jobs: []rooms.Job{{UMID: umid, Room: "newborn", Lane: rooms.Normal, Channel: rooms.SMS, Attempt: 1}}}
	}
	p.must(p.Enqueue(t.Context(), rooms.Normal, []PageJobs{page(1)}))
	p.garble(rooms.JobSubject(rooms.Normal, rooms.SMS))
	p.must(p.Enqueue(t.Context(), rooms.Normal, []PageJobs{page(2)}))
	for _, limit := range []int{1, 2, 3, 10} {
		seen, from, more := 0, uint64(0), true
		for more {
			next, err := p.ScanJobs(t.Context(), rooms.Normal, from, limit, func(uint64, rooms.Job) error { seen++; return nil })
			p.must(err)
			from, more = next, next > 0
		}
		if seen != 2 {
			t.Errorf("%d at a time: %d jobs, want 2", limit, seen)
		}
	}
}

// Nothing is planned behind a mark that nobody can read, and nothing waits for it.
func TestUnreadableMarkIsTheLast(t *testing.T) {
	p := startPlanning(t, Options{})
	umid := someMessage(1).UMID
	p.garble(rooms.DoneSubject(rooms.Normal, umid, 0))
	pages := []PageJobs{{UMID: umid, Mark: Mark{Recipients: "ss"}}, {UMID: someMessage(2).UMID, Mark: Mark{Recipients: "s"}}}
	p.must(p.Enqueue(t.Context(), rooms.Normal, pages))
	if m := pages[0].Mark; m != (Mark{Last: true}) {
		t.Errorf("its mark is %+v", m)
	}
	if m := pages[1].Mark; m.Recipients != "s" {
		t.Errorf("the other's is %+v", m)
	}
}

// A sign of life that nobody answers has not been given.
func TestWorkingIsAnswered(t *testing.T) {
	b := brokertest.Start(t)
	l, err := Open(t.Context(), b, b.Manifest(), Options{AckWait: time.Second, AnswerTimeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	p := &planning{T: t, Log: l}
	p.intake, err = l.Intake(t.Context(), rooms.Normal)
	p.must(err)
	p.add(rooms.Normal, 1, 1)
	held := p.take(1)[0]
	for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
		p.must(held.Working())
		if again, err := p.intake.Fetch(t.Context(), 1, 200*time.Millisecond); err != nil || len(again) > 0 {
			t.Fatalf("given to somebody else: %d, %v", len(again), err)
		}
	}
	b.Stop()
	if err := held.Working(); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("without a server: %v", err)
	}
}
