package lease_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/stream"
)

// kept opens the leases of a log as one more node would.
func kept(t *testing.T, s *broker.Server) *stream.Leases {
	t.Helper()
	k, err := stream.OpenLeases(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func opened(t *testing.T) *broker.Server {
	t.Helper()
	s := brokertest.Start(t)
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return s
}

// eventually waits until somebody else than one node works, and gives how long that took.
func (w *watch) eventually(not string) time.Duration {
	w.t.Helper()
	began := time.Now()
	for deadline := began.Add(2 * time.Minute); ; {
		if who, _ := w.who.Load().(string); w.inside.Load() == 1 && who != not {
			return time.Since(began)
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("nobody but %q works", not)
		}
		<-time.After(time.Millisecond)
	}
}

// The same on the log itself: a holder that dies is replaced within TTL, one that stops at once.
func TestLeaseMovesOnTheLog(t *testing.T) {
	s := opened(t)
	w := &watch{t: t, grace: ttl / 4} // timers of a busy machine may be late
	for round := range 3 {
		killed, first, second := fmt.Sprintf("killed-%d", round), fmt.Sprintf("first-%d", round), fmt.Sprintf("second-%d", round)
		dying := kept(t, s)
		hold(t, dying, lease.Options{Node: killed}, w.by(killed))
		w.eventually("")
		stopFirst := hold(t, kept(t, s), lease.Options{Node: first}, w.by(first))
		<-time.After(ttl / 3)
		dying.Close() // nothing that it does from now on reaches the log
		took := w.eventually(killed)
		t.Logf("after a death it took %s", took)
		if took > ttl+ttl/6+time.Second {
			t.Errorf("after a death it took %s", took)
		}
		stopSecond := hold(t, kept(t, s), lease.Options{Node: second}, w.by(second))
		<-time.After(ttl / 3)
		stopFirst()
		took = w.eventually(first)
		t.Logf("after a stop it took %s", took)
		if took > ttl/2 {
			t.Errorf("after a stop it took %s", took)
		}
		stopSecond()
	}
}

// A revision is changed once, and by who knows it.
func TestLeaseIsChangedOnCondition(t *testing.T) {
	k := kept(t, opened(t))
	l, err := k.Lease(t.Context(), name)
	if err != nil || l.Revision != 0 {
		t.Fatalf("%+v, %v", l, err)
	}
	first, err := k.Change(t.Context(), name, stream.Lease{Node: "n1", Process: "p"})
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []uint64{0, first + 1} {
		if _, err := k.Change(t.Context(), name, stream.Lease{Node: "n2", Revision: wrong}); !errors.Is(err, stream.ErrRevision) {
			t.Errorf("a change of revision %d: %v", wrong, err)
		}
	}
	if l, err = k.Lease(t.Context(), name); err != nil || l != (stream.Lease{Node: "n1", Process: "p", Revision: first}) {
		t.Errorf("%+v, %v", l, err)
	}
}
