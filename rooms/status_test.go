package rooms_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// anyState draws from few values, so that states often differ in one field alone.
func anyState(t *rapid.T, label string) rooms.State {
	return rooms.State{
		Status:  rapid.SampledFrom(append(rooms.Statuses(), "")).Draw(t, label+" status"),
		Reason:  rapid.SampledFrom(rooms.Reasons()[:4]).Draw(t, label+" reason"),
		Attempt: rapid.IntRange(0, 3).Draw(t, label+" attempt"),
		Round:   rapid.IntRange(0, 2).Draw(t, label+" round"),
		At:      time.UnixMilli(rapid.Int64Range(0, 3).Draw(t, label+" at")).UTC(),
		RetryAt: time.UnixMilli(rapid.Int64Range(0, 3).Draw(t, label+" retry")).UTC(),
	}
}

func TestJoinIsAJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyState(t, "a"), anyState(t, "b"), anyState(t, "c")
		if ab, ba := a.Join(b), b.Join(a); ab != ba {
			t.Fatalf("not commutative: %+v and %+v", ab, ba)
		}
		if left, right := a.Join(b).Join(c), a.Join(b.Join(c)); left != right {
			t.Fatalf("not associative: %+v and %+v", left, right)
		}
		if a.Join(a) != a {
			t.Fatalf("not idempotent: %+v", a.Join(a))
		}
		if ab := a.Join(b); ab != a && ab != b {
			t.Fatalf("neither of the two: %+v", ab)
		}
		if (a.Terminal() || b.Terminal()) && !a.Join(b).Terminal() && a.Round == b.Round {
			t.Fatal("what is terminal is left again")
		}
		if (a.Status == rooms.Delivered || b.Status == rooms.Delivered) && a.Join(b).Status != rooms.Delivered {
			t.Fatal("what was delivered is undelivered again")
		}
	})
}

func TestJoinTakesWhatCounts(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	for _, tc := range []struct {
		name        string
		wins, loses rooms.State
	}{
		{"delivered over a later failure", rooms.State{Status: rooms.Delivered, Attempt: 1}, rooms.State{Status: rooms.Failed, Attempt: 2}},
		{"failed over a later attempt", rooms.State{Status: rooms.Failed, Attempt: 1}, rooms.State{Status: rooms.Sent, Attempt: 2}},
		{"the later attempt", rooms.State{Status: rooms.Queued, Attempt: 2}, rooms.State{Status: rooms.Errored, Attempt: 1}},
		{"sent over errored", rooms.State{Status: rooms.Sent, Attempt: 1}, rooms.State{Status: rooms.Errored, Attempt: 1}},
		{"bounced over sent", rooms.State{Status: rooms.Errored, Reason: rooms.Bounced, Attempt: 1}, rooms.State{Status: rooms.Sent, Attempt: 1, RetryAt: at(9)}},
		{"a later attempt over bounced", rooms.State{Status: rooms.Sent, Attempt: 2}, rooms.State{Status: rooms.Errored, Reason: rooms.Bounced, Attempt: 1}},
		{"errored over queued", rooms.State{Status: rooms.Errored, Attempt: 1}, rooms.State{Status: rooms.Queued, Attempt: 1}},
		{"queued over pending", rooms.State{Status: rooms.Queued}, rooms.State{Status: rooms.Pending}},
		{"postponed again", rooms.State{Status: rooms.Queued, Attempt: 1, At: at(2), RetryAt: at(9)}, rooms.State{Status: rooms.Queued, Attempt: 1, At: at(1), RetryAt: at(5)}},
		{"the earlier time", rooms.State{Status: rooms.Sent, Attempt: 1, At: at(1)}, rooms.State{Status: rooms.Sent, Attempt: 1, At: at(2)}},
		{"the later of two failures", rooms.State{Status: rooms.Failed, Attempt: 2, At: at(2)}, rooms.State{Status: rooms.Failed, Attempt: 1, At: at(1)}},
		{"the later of two failures at once", rooms.State{Status: rooms.Failed, Attempt: 2}, rooms.State{Status: rooms.Failed, Attempt: 1}},
		{"delivered over a later round", rooms.State{Status: rooms.Delivered}, rooms.State{Status: rooms.Failed, Round: 1}},
		{"the later round over a failure", rooms.State{Status: rooms.Queued, Attempt: 1, Round: 1}, rooms.State{Status: rooms.Failed, Attempt: 9}},
		{"the later of two deliveries", rooms.State{Status: rooms.Delivered, Attempt: 2}, rooms.State{Status: rooms.Delivered, Attempt: 1}},
	} {
		if a, b := tc.wins.Join(tc.loses), tc.loses.Join(tc.wins); a != tc.wins || b != tc.wins {
			t.Errorf("%s: %+v one way, %+v the other", tc.name, a, b)
		}
	}
}
