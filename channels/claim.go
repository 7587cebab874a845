package channels

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/stream"
)

// claimed is the code of an attempt that somebody began, and of which nobody said how it ended.
const claimed = "claimed"

// unknown says that nobody knows whether the provider took the delivery.
func (o Outcome) unknown() bool { return o.Result == Deferred && o.Reason == rooms.Unknown }

// claim makes durable that the attempt begins. If it was begun before, and there is no record of how that ended, it may have
// been sent, and is not sent again; what follows then is as after any attempt of unknown outcome.
func (w *worker) claim(ctx context.Context, j *work, o order) (step, bool) {
	crash.Point("before-claim")
	claim, err := w.claims.Claim(ctx, rooms.AttemptID{DeliveryID: j.ID(), Round: j.Round, Attempt: j.Attempt}, j.Deadline)
	switch {
	case errors.Is(err, stream.ErrExists):
		return w.judge(ctx, o, Outcome{Result: Deferred, Reason: rooms.Unknown, Code: claimed}), false
	case err != nil:
		return w.fault(ctx, *j, "claim", err), false
	}
	j.claim = claim
	crash.Point("after-claim")
	return step{}, true
}

// unclaim gives an attempt back of which nothing was sent. If it cannot, that attempt counts as one of unknown outcome.
func (w *worker) unclaim(ctx context.Context, j work) {
	if j.claim == 0 {
		return
	}
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	if err := w.claims.Unclaim(ctx, j.claim); err != nil {
		w.log.Warn("an attempt that was not made stays claimed", append(ids(j.Job), "error", err)...)
	}
}

// hold has a person decide what follows an attempt of unknown outcome. If nobody does, the delivery fails at its deadline:
// what sees to that waits among the retries.
func hold(o order, out Outcome, now time.Time) step {
	s := record(o.job, out, rooms.EventErrored, rooms.Unknown, now)
	s.event.Provider = o.by.Name
	if !now.Before(o.job.Deadline) {
		s.event.Kind = rooms.EventFailed
		return s
	}
	s.then, s.retry = o.job, o.job.Deadline
	s.then.Undecided, s.then.Due = true, o.job.Deadline
	return s
}

// undecided ends a delivery of which nobody has decided by its deadline what follows.
func (w *worker) undecided(ctx context.Context, j work) step {
	now := w.clock()
	if rest := j.Deadline.Sub(now); rest > 0 { // clocks differ
		return step{action: handBack, wait: min(max(rest, time.Second), maxShort)}
	}
	asking, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	s, err := w.history.State(asking, j.ID())
	switch {
	case err != nil:
		return w.fault(ctx, j, "history", err)
	case decidedOf(s, j.Job):
		return step{action: finish}
	}
	return giveUp(j.Job, rooms.Unknown, now)
}

// decidedOf says that it is known by now what became of a delivery, or that a person has decided what follows.
func decidedOf(s rooms.State, j rooms.Job) bool { return s.Round != j.Round || !s.Undecided() }
