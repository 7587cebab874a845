package rooms_test

import (
	"errors"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Every step from every state, by the author and by somebody else: one way through, and no other.
func TestPolicySteps(t *testing.T) {
	states := []rooms.PolicyState{rooms.PolicyDraft, rooms.PolicySubmitted, rooms.PolicyApproved, rooms.PolicyPublished, rooms.PolicyRetired}
	steps := []rooms.PolicyStep{rooms.SubmitPolicy, rooms.ApprovePolicy, rooms.PublishPolicy, rooms.RetirePolicy}
	for i, state := range states {
		for j, step := range steps {
			for _, by := range []rooms.Client{"boss", "officer"} {
				approves, own := step == rooms.ApprovePolicy, by == "boss"
				var want error
				switch {
				case approves && own:
					want = rooms.ErrOwnPolicy
				case !approves && !own:
					want = rooms.ErrOtherPolicy
				case i != j:
					want = rooms.ErrPolicyState
				}
				got, err := rooms.PolicyRevision{State: state, Author: "boss"}.Take(step, by)
				if !errors.Is(err, want) || err == nil && got.State != states[i+1] || err != nil && got.State != state {
					t.Errorf("%s of a %s by %s: %s, %v, want %v", step, state, by, got.State, err, want)
				}
				if approved := err == nil && approves; (got.Approver == "officer") != approved {
					t.Errorf("%s of a %s by %s: approved by %q", step, state, by, got.Approver)
				}
			}
		}
	}
}

func TestPolicyIsRewrittenUntilItIsPublished(t *testing.T) {
	number := rooms.Revision{Name: "patient", Revision: 2}
	for state, may := range map[rooms.PolicyState]bool{
		rooms.PolicyDraft: true, rooms.PolicySubmitted: true, rooms.PolicyApproved: true, rooms.PolicyPublished: false, rooms.PolicyRetired: false,
	} {
		one := rooms.PolicyRevision{Policy: rooms.Policy{Revision: number}, State: state, Author: "boss", Approver: "officer"}
		got, err := one.Rewrite(rooms.Policy{Expiry: time.Hour}, "boss")
		if may && (err != nil || got.State != rooms.PolicyDraft || got.Approver != "" || got.Revision != number || got.Expiry != time.Hour) {
			t.Errorf("%s: %+v, %v", state, got, err)
		}
		if !may && (!errors.Is(err, rooms.ErrPolicyState) || got.Expiry != 0) {
			t.Errorf("%s: %+v, %v", state, got, err)
		}
		if _, err := one.Rewrite(rooms.Policy{}, "deputy"); !errors.Is(err, rooms.ErrOtherPolicy) {
			t.Errorf("%s by another: %v", state, err)
		}
	}
}
