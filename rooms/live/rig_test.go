package live_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/stream"
)

// rig is a hub on a real log.
type rig struct {
	*testing.T
	log *stream.Log
	hub *live.Hub

	mu       sync.Mutex
	rendered map[uint64]int // how often each message was rendered
	sent     []uint64       // the sequences of the room's messages
	next     int
}

func newRig(t *testing.T, o live.Options) *rig { return rigOn(t, brokertest.Start(t), o) }

func rigOn(t *testing.T, s *broker.Server, o live.Options) *rig {
	t.Helper()
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{Replicas: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	r := &rig{T: t, log: l, rendered: map[uint64]int{}}
	r.hub = live.New(l, r.render, o)
	t.Cleanup(r.hub.Close)
	return r
}

func (r *rig) render(m rooms.Message) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rendered[m.Sequence]++
	return m.Payload
}

// message is the next one of a room; change alters it.
func (r *rig) message(change func(*rooms.Message)) rooms.Message {
	r.next++
	at := time.Now().UTC().Truncate(time.Millisecond)
	m := rooms.Message{Header: rooms.Header{
		UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", r.next)), Room: "newborn", Type: "letter", Lane: rooms.Normal, Publisher: "hosp-7",
		MHASH: "hash", TxID: fmt.Sprintf("tx-%d", r.next), Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: at, ExpiresAt: at.Add(time.Hour),
	}, Payload: fmt.Appendf(nil, `{"text":"%d"}`, r.next)}
	if change != nil {
		change(&m)
	}
	return m
}

// publish appends messages to the room.
func (r *rig) publish(count int, change func(*rooms.Message)) {
	r.Helper()
	for range count {
		m := r.message(change)
		sequence, _, err := r.log.Append(context.Background(), m)
		if err != nil {
			r.Error(err)
			return
		}
		if m.Room == "newborn" && !m.Direct {
			r.mu.Lock()
			r.sent = append(r.sent, sequence)
			r.mu.Unlock()
		}
	}
}

func (r *rig) listen(q live.Query) *live.Listener {
	r.Helper()
	q.Room = "newborn"
	l, err := r.hub.Listen(r.Context(), q)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(l.Close)
	return l
}

func after(sequence uint64) live.Query {
	return live.Query{Start: live.Start{Resume: true, After: sequence}}
}

// take listens until so many messages have come, and gives their sequences.
func (r *rig) take(l *live.Listener, count int) (got []uint64) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for len(got) < count {
		events, more, err := l.Next(ctx)
		if err != nil {
			r.Errorf("after %d of %d messages: %v", len(got), count, err)
			return got
		}
		for _, e := range events {
			got = append(got, e.Sequence)
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			r.Errorf("%d of %d messages came", len(got), count)
			return got
		}
	}
	return got
}

// nothing makes sure that a listener is told of nothing now.
func (r *rig) nothing(l *live.Listener) {
	r.Helper()
	if events, _, err := l.Next(r.Context()); err != nil || len(events) > 0 {
		r.Errorf("%d messages, %v, want none", len(events), err)
	}
}

// eventually polls until there is nothing left to complain about.
func eventually(t *testing.T, complaint func() error) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := complaint()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-tick.C
	}
}
