package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
)

// undecide has nobody know whether an attempt was sent.
func (r *rig) undecide(m rooms.Message, n, round int, owner rooms.SubscriberID) {
	r.Helper()
	r.record(rooms.Event{Kind: rooms.EventErrored, Room: m.Room, UMID: m.UMID, At: r.now(), N: n, Attempt: 2, Round: round, Channel: rooms.SMS,
		Reason: rooms.Unknown, Owner: owner})
	r.folded()
}

// A delivery of which nobody knows whether it was sent is sent again if somebody says so, as often as one that has failed.
func TestUndecidedAreSentAgain(t *testing.T) {
	r := newRig(t)
	m := r.publish(3, true)
	r.record(rooms.Event{Kind: rooms.EventErrored, Room: m.Room, UMID: m.UMID, At: r.now(), N: 1, Attempt: 1, Channel: rooms.SMS,
		Reason: rooms.Unknown, RetryAt: r.now().Add(time.Hour)}) // this one is made again anyway
	r.fail(m, 2, 0, rooms.Rejected, "")
	for round := range rooms.MaxRounds {
		r.undecide(m, 0, round, "")
		if s := r.summary(m.UMID); s.Undecided != 1 || s.Counts.Errored != 2 || s.Helpable != 2-min(round, 1) {
			t.Fatalf("round %d: %+v", round, s)
		}
		want := control.Resent{Requeued: 2 - min(round, 1)}
		if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done != want {
			t.Fatalf("round %d: %+v, %v", round, done, err)
		}
	}
	r.undecide(m, 0, rooms.MaxRounds, "")
	if _, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != control.ErrRounds { //nolint:errorlint // this very one
		t.Error(err)
	}
}

// unscanned is a log whose events nobody goes through.
type unscanned struct {
	control.Log
	t *testing.T
}

func (u unscanned) ScanEvents(context.Context, rooms.Room, rooms.Kind, time.Time, func(rooms.Event)) error {
	u.t.Error("all events are gone through")
	return nil
}

// So is that of a subscriber, whom the event names.
func TestUndecidedSubscriberIsFound(t *testing.T) {
	r := newRig(t)
	s, _, err := r.people.Add(t.Context(), "newborn", r.contact(0))
	if err != nil {
		t.Fatal(err)
	}
	m := r.publish(1, false)
	r.undecide(m, 0, 0, s.ID)
	r.desk.Log = unscanned{r.desk.Log, t} // the index says where that is
	if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done.Requeued != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// One of a cancelled message fails at once, not at its deadline.
func TestCancelledUndecidedFail(t *testing.T) {
	r := newRig(t)
	m := r.publish(1, true)
	j := r.job(m, 0)
	j.Attempt, j.Undecided, j.Due = 2, true, j.Deadline
	if err := r.log.Park(t.Context(), j, j.Deadline); err != nil {
		t.Fatal(err)
	}
	r.undecide(m, 0, 0, "")
	if _, err := r.desk.Cancel(t.Context(), m.UMID, "hosp-7", rooms.NoReason); err != nil {
		t.Fatal(err)
	}
	r.tidied()
	if s := r.summary(m.UMID); s.Counts.Failed != 1 || s.Undecided != 0 || s.FinishedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	if parked, err := r.log.Parked(t.Context()); err != nil || parked != 0 {
		t.Errorf("%d wait: %v", parked, err)
	}
}
