package control_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
)

func TestDecisionsAreRecordedAndRepeatable(t *testing.T) {
	r := newRig(t)
	m := r.publish(2, true)
	first, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7")
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.desk.Pause(t.Context(), m.UMID, "boss")
	if err != nil || again != first || first.State != rooms.ControlPaused || first.By != "hosp-7" || first.At.IsZero() || first.Room != "newborn" {
		t.Fatalf("%+v, then %+v: %v", first, again, err)
	}
	if s := r.summary(m.UMID); s.Control != first {
		t.Errorf("on record is %+v", s.Control)
	}
	if c, err := r.desk.Resume(t.Context(), m.UMID, "boss"); err != nil || !c.Runs() || c.By != "boss" {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := r.desk.Cancel(t.Context(), m.UMID, "boss", rooms.Superseded); err != nil || c.Why() != rooms.Superseded {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := r.desk.Cancel(t.Context(), m.UMID, "boss", rooms.NoReason); err != nil {
		t.Error(err)
	}
	for _, decide := range []error{refusal(r.desk.Pause(t.Context(), m.UMID, "boss")), refusal(r.desk.Resume(t.Context(), m.UMID, "boss")), second(r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}))} {
		if !errors.Is(decide, control.ErrCancelled) {
			t.Errorf("of a cancelled message: %v", decide)
		}
	}
	if s := r.summary(m.UMID); s.Control.State != rooms.ControlCancelled || s.Control.Reason != rooms.Superseded {
		t.Errorf("on record is %+v", s.Control)
	}
}

func refusal(_ rooms.Control, err error) error { return err }
func second(_ control.Resent, err error) error { return err }

func TestFinishedIsNotPaused(t *testing.T) {
	r := newRig(t)
	m := r.publish(1, true)
	r.fail(m, 0, 0, rooms.Suppressed, "")
	r.folded()
	if _, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7"); !errors.Is(err, control.ErrFinished) {
		t.Error(err)
	}
	if _, err := r.desk.Cancel(t.Context(), m.UMID, "hosp-7", rooms.NoReason); !errors.Is(err, control.ErrFinished) {
		t.Error(err)
	}
	if _, err := r.desk.Resume(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Errorf("it goes on as it does: %v", err)
	}
	for range 2 {
		if c, err := r.desk.Withdraw(t.Context(), m.UMID, "hosp-7"); err != nil || c.State != rooms.ControlCancelled {
			t.Errorf("withdrawn all the same: %+v, %v", c, err)
		}
	}
}

// Of many who decide at once each is answered by what stands afterwards.
func TestManyDecideAtOnce(t *testing.T) {
	r := newRig(t)
	m := r.publish(1, true)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			decide := r.desk.Pause
			if i%2 == 0 {
				decide = r.desk.Resume
			}
			if _, err := decide(t.Context(), m.UMID, rooms.Client(fmt.Sprint("c", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	stored, err := r.controls.Read(t.Context(), m.UMID)
	stored.UMID = m.UMID
	if s := r.summary(m.UMID); err != nil || s.Control != stored {
		t.Errorf("stored %+v, on record %+v: %v", stored, s.Control, err)
	}
}

// A decision whose record was interrupted is recorded by the next call, or by the keeper.
func TestInterruptedDecisionIsRecorded(t *testing.T) {
	for _, keep := range []bool{false, true} {
		t.Run(fmt.Sprint("keeper ", keep), func(t *testing.T) {
			r := newRig(t)
			m := r.publish(1, true)
			stored, err := r.controls.Put(t.Context(), rooms.Control{UMID: m.UMID, Room: m.Room, State: rooms.ControlPaused, By: "hosp-7"})
			if err != nil {
				t.Fatal(err)
			}
			if keep {
				r.keep()
			} else if _, err := r.desk.Pause(t.Context(), m.UMID, "boss"); err != nil {
				t.Fatal(err)
			}
			r.eventually("recorded", func() string {
				if s := r.summary(m.UMID); s.Control != stored {
					return fmt.Sprintf("%+v", s.Control)
				}
				return ""
			})
		})
	}
}

// What waits goes back into its lane when the message is resumed, in order and once.
func TestResumedJobsGoBack(t *testing.T) {
	r := newRig(t)
	m := r.publish(900, true)
	if _, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	r.suspend(m, 900)
	r.keep()
	if _, err := r.desk.Resume(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	r.eventually("nothing waits", func() string {
		if n := r.suspended(m.UMID); n > 0 {
			return fmt.Sprint(n, " wait")
		}
		return ""
	})
	jobs := r.queue()
	if len(jobs) != 900 || !slices.IsSortedFunc(jobs, func(a, b rooms.Job) int { return a.N - b.N }) || !jobs[0].Waited {
		t.Errorf("%d jobs are back", len(jobs))
	}
}

// What waits of a cancelled message fails, and so do its retries, hours before they are due; but not what was sent.
func TestCancelledJobsFail(t *testing.T) {
	r := newRig(t)
	m := r.publish(4, true)
	if _, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	r.suspend(m, 2)
	r.record(rooms.Event{Kind: rooms.EventSent, Room: m.Room, UMID: m.UMID, At: time.Now(), N: 1, Attempt: 1, Channel: rooms.SMS})
	for n, due := range map[int]time.Duration{2: 2 * time.Hour, 3: 0} {
		j := r.job(m, n)
		r.record(rooms.Event{Kind: rooms.EventErrored, Room: m.Room, UMID: m.UMID, At: time.Now(), N: n, Attempt: 1, Channel: rooms.SMS, Reason: rooms.Deferred})
		if j.Attempt = 2; due > 0 {
			if err := r.log.Park(t.Context(), j, time.Now().Add(due)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.keep()
	if _, err := r.desk.Cancel(t.Context(), m.UMID, "hosp-7", rooms.NoReason); err != nil {
		t.Fatal(err)
	}
	r.eventually("all but the last, which is under way, are done with", func() string {
		s := r.summary(m.UMID)
		parked, err := r.log.Parked(t.Context())
		if err != nil || s.Counts.Failed != 2 || s.Counts.Sent != 1 || s.Counts.Errored != 1 || parked != 0 || r.suspended(m.UMID) != 0 {
			return fmt.Sprintf("%+v, %d retries, %d wait: %v", s.Counts, parked, r.suspended(m.UMID), err)
		}
		return ""
	})
	for n, want := range map[int]rooms.Reason{0: rooms.Cancelled, 2: rooms.Cancelled} {
		if s, err := r.index.State(rooms.DeliveryID{UMID: m.UMID, N: n}); err != nil || s.Reason != want || s.Attempt != 1 {
			t.Errorf("delivery %d: %+v, %v", n, s, err)
		}
	}
}

// So do deliveries that are postponed, at their first attempt or a later one; when they are due nothing is left to do.
func TestCancelledPostponedFail(t *testing.T) {
	r := newRig(t)
	m := r.publish(2, true)
	due := time.Now().Add(2 * time.Hour)
	r.record(rooms.Event{Kind: rooms.EventErrored, Room: m.Room, UMID: m.UMID, At: time.Now(), N: 1, Attempt: 1, Channel: rooms.SMS, Reason: rooms.Deferred})
	for n, attempt := range []int{1, 2} {
		j := r.job(m, n)
		j.Attempt, j.Due = attempt, due
		if err := r.log.Park(t.Context(), j, due); err != nil {
			t.Fatal(err)
		}
		r.record(rooms.Event{Kind: rooms.EventPostponed, Room: m.Room, UMID: m.UMID, At: time.Now(), N: n, Attempt: attempt, Channel: rooms.SMS,
			Reason: rooms.Quiet, RetryAt: due})
	}
	r.folded()
	if _, err := r.desk.Cancel(t.Context(), m.UMID, "hosp-7", rooms.NoReason); err != nil {
		t.Fatal(err)
	}
	r.tidied()
	if s := r.summary(m.UMID); s.Counts.Failed != 2 || s.FinishedAt.IsZero() {
		t.Errorf("%+v", s.Counts)
	}
	if parked, err := r.log.Parked(t.Context()); err != nil || parked != 0 {
		t.Errorf("%d still wait: %v", parked, err)
	}
	for n, attempt := range []int{1, 2} {
		s, err := r.index.State(rooms.DeliveryID{UMID: m.UMID, N: n})
		if err != nil || s.Reason != rooms.Cancelled || s.Attempt != attempt || !s.Needless(0, attempt) {
			t.Errorf("delivery %d: %+v, %v", n, s, err)
		}
	}
}

func TestPausedJobsExpire(t *testing.T) {
	r := newRig(t)
	m := r.publish(3, true)
	if _, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	r.suspend(m, 3)
	r.keep()
	r.wait(2 * time.Hour)
	r.eventually("all have expired", func() string {
		if s := r.summary(m.UMID); s.Counts.Failed != 3 || s.Helpable != 3 || r.suspended(m.UMID) != 0 {
			return fmt.Sprintf("%+v", s.Counts)
		}
		return ""
	})
}

// A control is forgotten when its message is long done with, and not before.
func TestOldDecisionsAreForgotten(t *testing.T) {
	r := newRig(t)
	done, open := r.publish(1, true), r.publish(1, true)
	for _, m := range []rooms.Message{done, open} {
		if _, err := r.desk.Pause(t.Context(), m.UMID, "hosp-7"); err != nil {
			t.Fatal(err)
		}
	}
	r.fail(done, 0, 0, rooms.Expired, "")
	r.wait(48 * time.Hour)
	r.keep()
	r.eventually("forgotten", func() string {
		if all := r.controls.All(); len(all) != 1 || all[0].UMID != open.UMID {
			return fmt.Sprintf("%+v", all)
		}
		return ""
	})
	if c, err := r.controls.Read(t.Context(), done.UMID); err != nil || c.Entry != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if s := r.summary(done.UMID); s.Control.State != rooms.ControlPaused {
		t.Errorf("what is on record stays: %+v", s.Control)
	}
}

// A message is held at the limit of its policy; when a person resumes it, at as many more.
func TestTooManyFail(t *testing.T) {
	r := newRig(t)
	r.rules.HoldAfter = 3
	h := &control.Holder{Desk: r.desk, Log: slog.New(slog.DiscardHandler)}
	r.background(h.Run)
	m := r.publish(20, true)
	n := 0
	fail := func(count int, why rooms.Reason) {
		for range count {
			r.fail(m, n, 0, why, "")
			h.Failed(m.UMID)
			n++
		}
	}
	held := func(want bool) {
		t.Helper()
		r.eventually("held", func() string {
			if c := r.controls.Of(m.UMID); (c.State == rooms.ControlHeld) != want {
				return fmt.Sprintf("%+v", c)
			}
			return ""
		})
	}
	fail(5, rooms.Suppressed) // as people wanted it
	fail(2, rooms.Rejected)
	r.counted(h, m)
	held(false)
	fail(1, rooms.Bounced)
	held(true)
	if c := r.controls.Of(m.UMID); c.By != "" || c.Reason != rooms.TooManyFail || c.Failed != 3 {
		t.Errorf("%+v", c)
	}
	if _, err := r.desk.Resume(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	fail(2, rooms.Rejected)
	r.counted(h, m)
	held(false)
	fail(1, rooms.Rejected)
	held(true)
	if s := r.summary(m.UMID); s.Control.State != rooms.ControlHeld {
		t.Errorf("on record is %+v", s.Control)
	}
}

// What failed and was tried anew counts once more when it fails again.
func TestTooManyFailAgain(t *testing.T) {
	r := newRig(t)
	r.rules.HoldAfter = 3
	h := &control.Holder{Desk: r.desk, Log: slog.New(slog.DiscardHandler)}
	r.background(h.Run)
	m := r.publish(20, true)
	fail := func(round, count int) {
		for n := range count {
			r.fail(m, n, round, rooms.Rejected, "")
			h.Failed(m.UMID)
		}
	}
	held := func() string {
		if c := r.controls.Of(m.UMID); c.State != rooms.ControlHeld {
			return fmt.Sprintf("%+v", c)
		}
		return ""
	}
	fail(0, 3)
	r.eventually("held", held)
	r.folded()
	if _, err := r.desk.Resume(t.Context(), m.UMID, "hosp-7"); err != nil {
		t.Fatal(err)
	}
	if done, err := r.desk.Resend(t.Context(), m.UMID, "hosp-7", rooms.FailedFilter{}); err != nil || done.Requeued != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	if c := r.summary(m.UMID).Control; !c.Runs() || c.By != "hosp-7" || c.Failed != 0 {
		t.Errorf("on record is %+v", c)
	}
	fail(1, 2)
	r.counted(h, m)
	if held() == "" {
		t.Error("held by two")
	}
	r.fail(m, 2, 1, rooms.Rejected, "")
	h.Failed(m.UMID)
	r.eventually("held again", held)
}
