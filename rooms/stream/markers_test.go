package stream

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

// A marker stays while planning may be repeated, and goes a round after that is over.
func TestMarkersGoWhenPlanningIsSettled(t *testing.T) {
	b := brokertest.Start(t)
	l, err := Open(t.Context(), b, b.Manifest(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Now().UTC()
	umid := rooms.UMID("01JDB6T0G00000000000000001")
	m := rooms.Message{Header: rooms.Header{UMID: umid, Room: "newborn", Type: "t", Lane: rooms.Normal, TxID: "1",
		Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: now, ExpiresAt: now}}
	if _, _, err := l.Append(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	intake, err := l.Intake(t.Context(), rooms.Normal)
	if err != nil {
		t.Fatal(err)
	}
	held, err := intake.Fetch(t.Context(), 1, time.Second)
	if err != nil || len(held) != 1 {
		t.Fatalf("%d messages, %v", len(held), err)
	}
	if err := l.Enqueue(t.Context(), rooms.Normal, []PageJobs{{UMID: umid}}); err != nil {
		t.Fatal(err)
	}
	s := &sweeper{log: l, lane: rooms.Normal}
	rounds(t, s, 5)
	if n := markers(t, l); n != 1 {
		t.Fatalf("%d markers while planning is under way, want 1", n)
	}
	if err := held[0].Done(t.Context()); err != nil {
		t.Fatal(err)
	}
	rounds(t, s, 1)
	if n := markers(t, l); n != 1 {
		t.Fatalf("%d markers in the round in which planning was settled, want 1", n)
	}
	rounds(t, s, 1)
	if n := markers(t, l); n != 0 {
		t.Errorf("%d markers are left", n)
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
