package rooms_test

import (
	"slices"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Whatever a delivery can have failed for has an advice of its own, but for what the policy makes of many.
func TestEveryReasonHasItsAdvice(t *testing.T) {
	said := map[string]bool{}
	none := rooms.NoReason.Advice()
	for _, r := range rooms.Reasons() {
		dead := rooms.State{Status: rooms.Failed, Reason: r}.Dead()
		if advised := r.Advice() != none; dead && advised != (r != rooms.NoReason && r != rooms.TooManyFail) {
			t.Errorf("%s: %s", r, r.Advice())
		}
		said[r.Advice()] = true
	}
	if len(said) < 10 {
		t.Errorf("%d different advices", len(said))
	}
}

func TestUndecidedOrHelpable(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		state                     rooms.State
		undecided, helpable, dead bool
	}{
		{rooms.State{Status: rooms.Errored, Reason: rooms.Unknown}, true, true, true},
		{rooms.State{Status: rooms.Errored, Reason: rooms.Unknown, Round: rooms.MaxRounds}, true, false, true},
		{rooms.State{Status: rooms.Errored, Reason: rooms.Unknown, RetryAt: now}, false, false, false},
		{rooms.State{Status: rooms.Errored, Reason: rooms.Deferred}, false, false, false},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Unknown}, false, true, true},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Rejected, Round: rooms.MaxRounds}, false, false, true},
		{rooms.State{Status: rooms.Failed, Reason: rooms.NoContent}, false, false, true},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Cancelled}, false, false, false},
		{rooms.State{Status: rooms.Sent}, false, false, false},
	} {
		if got := []bool{tc.state.Undecided(), tc.state.Helpable(), tc.state.Dead()}; !slices.Equal(got, []bool{tc.undecided, tc.helpable, tc.dead}) {
			t.Errorf("%+v: %v", tc.state, got)
		}
	}
}

// Which attempts are claimed, and which are held, is the policy's to say; of emergencies none is.
func TestWhatIsClaimed(t *testing.T) {
	for _, tc := range []struct {
		duplicates, unknown string
		lane                rooms.Lane
		claims, holds       bool
	}{
		{"resend", "", rooms.Normal, false, false}, {"", "hold", rooms.Normal, false, false},
		{"avoid", "", rooms.Bulk, true, true}, {"avoid", "hold", rooms.Normal, true, true}, {"avoid", "resend", rooms.Normal, true, false},
		{"avoid", "hold", rooms.Emergency, false, false},
	} {
		p := rooms.Policy{Duplicates: tc.duplicates, Unknown: tc.unknown}
		if p.Claims(tc.lane) != tc.claims || p.Holds(tc.lane) != tc.holds {
			t.Errorf("%+v: %v, %v", tc, p.Claims(tc.lane), p.Holds(tc.lane))
		}
	}
	if got := rooms.ClaimSubject(rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01JDB6T0G000000000000000AA", N: 7}, Round: 1, Attempt: 3}); got != "claim.01JDB6T0G000000000000000AA.7.1.3" {
		t.Error(got)
	}
}
