package stream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

// planning is a lane whose messages are planned, as pages without jobs.
type planning struct {
	*testing.T
	*Log
	intake *Intake
}

func startPlanning(t *testing.T, o Options) *planning {
	t.Helper()
	b := brokertest.Start(t)
	l, err := Open(t.Context(), b, b.Manifest(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	intake, err := l.Intake(t.Context(), rooms.Normal)
	if err != nil {
		t.Fatal(err)
	}
	return &planning{t, l, intake}
}

// add appends messages.
func (p *planning) add(lane rooms.Lane, from, to int) {
	p.Helper()
	for n := from; n <= to; n++ {
		m := someMessage(n)
		m.Lane = lane
		if _, _, err := p.Append(p.Context(), m); err != nil {
			p.Fatal(err)
		}
	}
}

// take takes messages in hand.
func (p *planning) take(count int) (held []Received) {
	p.Helper()
	for len(held) < count {
		some, err := p.intake.Fetch(p.Context(), count-len(held), time.Second)
		if err != nil {
			p.Fatal(err)
		}
		held = append(held, some...)
	}
	return held
}

// mark stores a marker for each.
func (p *planning) mark(held []Received) error {
	pages := make([]PageJobs, len(held))
	for i, h := range held {
		pages[i] = PageJobs{UMID: h.UMID, Mark: Mark{Last: true, Message: h.Sequence}}
	}
	return p.Enqueue(p.Context(), rooms.Normal, pages)
}

func (p *planning) settle(held []Received) {
	p.Helper()
	for _, h := range held {
		if err := h.Done(p.Context()); err != nil {
			p.Fatal(err)
		}
	}
}

func (p *planning) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// A marker stays while planning may be repeated, and goes a round after that is over, whether it
// names its message or is of a version that did not.
func TestMarkersGoWhenPlanningIsSettled(t *testing.T) {
	for name, former := range map[string]bool{"present": false, "former": true} {
		t.Run(name, func(t *testing.T) {
			p := startPlanning(t, Options{})
			p.add(rooms.Normal, 1, 3)
			p.add(rooms.Bulk, 4, 6) // which are nothing to this lane
			held := p.take(3)
			if former {
				p.must(p.Enqueue(t.Context(), rooms.Normal, []PageJobs{{UMID: held[0].UMID}, {UMID: held[1].UMID}, {UMID: held[2].UMID}}))
			} else {
				p.must(p.mark(held))
			}
			s := &sweeper{log: p.Log, lane: rooms.Normal}
			rounds(t, s, 5)
			if n := markers(t, p.Log); n != 3 {
				t.Fatalf("%d markers while planning is under way, want 3", n)
			}
			p.settle(held[:2])
			rounds(t, s, 5)
			want := 1
			if former { // any of them may be about the third
				want = 3
			}
			if n := markers(t, p.Log); n != want {
				t.Fatalf("%d markers when two messages are settled, want %d", n, want)
			}
			p.settle(held[2:])
			rounds(t, s, 1)
			if n := markers(t, p.Log); n != want {
				t.Fatalf("%d markers in the round in which planning was settled, want %d", n, want)
			}
			rounds(t, s, 1)
			if n := markers(t, p.Log); n != 0 {
				t.Errorf("%d markers are left", n)
			}
		})
	}
}

// A server that is killed forgets that it has handed a message out; the marker stays all the same,
// also while the message is in hand again.
func TestMarkersOfForgottenMessagesStay(t *testing.T) {
	for name, message := range map[string]uint64{"present": 1, "former": 0} {
		t.Run(name, func(t *testing.T) {
			p := startPlanning(t, Options{})
			p.add(rooms.Normal, 1, 1)
			page := PageJobs{UMID: someMessage(1).UMID, Mark: Mark{Message: message}}
			p.must(p.Enqueue(t.Context(), rooms.Normal, []PageJobs{page}))
			s := &sweeper{log: p.Log, lane: rooms.Normal}
			rounds(t, s, 3)
			p.take(1)
			rounds(t, s, 3)
			if n := markers(t, p.Log); n != 1 {
				t.Errorf("%d markers, want 1", n)
			}
		})
	}
}

// A planner that was put back plans everything again: what was settled before is no longer.
func TestMarkersStayWhenTheLaneIsPutBack(t *testing.T) {
	p := startPlanning(t, Options{})
	p.add(rooms.Normal, 1, 2)
	held := p.take(2)
	p.must(p.mark(held))
	p.settle(held)
	s := &sweeper{log: p.Log, lane: rooms.Normal}
	rounds(t, s, 1)
	p.must(p.api(t.Context(), "CONSUMER.RESET.ROOMS.plan-normal", map[string]int{"seq": 1}, &answer{}))
	rounds(t, s, 3)
	if n := markers(t, p.Log); n != 2 {
		t.Errorf("%d markers, want 2", n)
	}
}

// A queue that is full of markers comes free although the planner holds messages for which there
// is no room; and another may take its turn meanwhile.
func TestQueueFullOfMarkersComesFree(t *testing.T) {
	p := startPlanning(t, Options{QueueBytes: map[rooms.Lane]int64{rooms.Normal: 64 << 10}})
	first, err := p.Turn(t.Context(), rooms.Normal, 1)
	p.must(err)
	var held []Received
	for n := 1; err == nil; n += 3 {
		p.settle(held)
		p.add(rooms.Normal, n, n+2)
		held = p.take(3)
		err = p.mark(held)
	}
	if !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	for err = nil; err == nil; { // to the brim
		_, err = publish(t.Context(), p.queue, &nats.Msg{Subject: rooms.JobSubject(rooms.Normal, rooms.SMS)})
		err = classify(err)
	}
	if !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	second, err := p.Turn(t.Context(), rooms.Normal, 2)
	if err != nil {
		t.Errorf("a turn at a full queue: %v", err)
	} else if second.fence <= first.fence {
		t.Errorf("fence %d after %d", second.fence, first.fence)
	}
	rounds(t, &sweeper{log: p.Log, lane: rooms.Normal}, 2)
	if err := p.mark(held); err != nil {
		t.Errorf("after two rounds: %v, with %d markers", err, markers(t, p.Log))
	}
	if err := first.Enqueue(t.Context(), []PageJobs{{UMID: someMessage(2000).UMID}}); !errors.Is(err, ErrFenced) {
		t.Errorf("the first turn got %v", err)
	}
}

// A planner whose fence was taken away to make room is over, though no other has begun yet.
func TestTurnWithoutFenceIsOver(t *testing.T) {
	p := startPlanning(t, Options{})
	turn, err := p.Turn(t.Context(), rooms.Normal, 1)
	p.must(err)
	p.must(p.purge(t.Context(), queueName(rooms.Normal), rooms.FenceSubject(rooms.Normal), turn.fence+1))
	if err := turn.Enqueue(t.Context(), []PageJobs{{UMID: someMessage(1).UMID}}); !errors.Is(err, ErrFenced) {
		t.Errorf("it got %v", err)
	}
}

func rounds(t *testing.T, s *sweeper, n int) {
	t.Helper()
	for range n {
		if err := s.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func markers(t *testing.T, l *Log) int {
	t.Helper()
	q, err := l.read.Stream(context.Background(), queueName(rooms.Normal))
	if err != nil {
		t.Fatal(err)
	}
	info, err := q.Info(t.Context(), jetstream.WithSubjectFilter(rooms.DoneFilter(rooms.Normal)))
	if err != nil {
		t.Fatal(err)
	}
	return len(info.State.Subjects)
}
