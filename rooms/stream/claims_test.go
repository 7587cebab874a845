package stream_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

func attempt(n, round, number int) rooms.AttemptID {
	return rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01JDB6T0G000000000000000AA", N: n}, Round: round, Attempt: number}
}

// An attempt is claimed once, also by another process on the same store; every other attempt is another.
func TestAttemptIsClaimedOnce(t *testing.T) {
	s := brokertest.Start(t)
	l, other := open(t, s), open(t, s)
	deadline := time.Now().Add(time.Minute)
	first, err := l.Claim(t.Context(), attempt(1, 0, 1), deadline)
	if err != nil || first == 0 {
		t.Fatal(first, err)
	}
	for _, again := range []*stream.Log{l, other} {
		if _, err := again.Claim(t.Context(), attempt(1, 0, 1), deadline); !errors.Is(err, stream.ErrExists) {
			t.Errorf("claimed twice: %v", err)
		}
	}
	for _, a := range []rooms.AttemptID{attempt(1, 0, 2), attempt(1, 1, 1), attempt(2, 0, 1)} {
		if _, err := l.Claim(t.Context(), a, deadline); err != nil {
			t.Errorf("%+v: %v", a, err)
		}
	}
	claimed := func(want bool) {
		t.Helper()
		if got, err := other.Claimed(t.Context(), attempt(1, 0, 1)); err != nil || got != want {
			t.Errorf("claimed: %v, %v", got, err)
		}
	}
	claimed(true)
	if got, err := l.Claimed(t.Context(), attempt(1, 0, 3)); err != nil || got {
		t.Errorf("one that nobody has claimed: %v, %v", got, err)
	}
	for range 2 {
		if err := other.Unclaim(t.Context(), first); err != nil {
			t.Error(err)
		}
	}
	claimed(false)
	if _, err := l.Claim(t.Context(), attempt(1, 0, 1), deadline); err != nil {
		t.Errorf("what was given back: %v", err)
	}
}

// Many that are claimed at the same time share a commit; those that were claimed before are told, and hold up no other.
func TestManyAreClaimedTogether(t *testing.T) {
	l := start(t)
	deadline := time.Now().Add(time.Minute)
	for n := 0; n < 500; n += 50 {
		if _, err := l.Claim(t.Context(), attempt(n, 0, 1), deadline); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for n := range 500 {
		all.Go(func() {
			_, err := l.Claim(t.Context(), attempt(n, 0, 1), deadline)
			if known := n%50 == 0; known != errors.Is(err, stream.ErrExists) || !known && err != nil {
				t.Errorf("%d: %v", n, err)
			}
		})
	}
	all.Wait()
}
