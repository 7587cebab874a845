package channels

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// ledger says which attempts have begun.
type ledger struct {
	claims   claims
	policies Policies
}

// begun says whether an attempt is claimed, and gives its policy. Where the policy cannot be read it is looked for, too.
func (l ledger) begun(ctx context.Context, j rooms.Job) (bool, rooms.Policy, error) {
	if exempt(j) {
		return false, rooms.Policy{}, nil
	}
	p, err := l.policies.Policy(ctx, j.Policy)
	switch {
	case err != nil:
		p = rooms.Policy{}
	case !p.Claims(j.Lane):
		return false, p, nil
	}
	known, fault := l.claims.Claimed(ctx, rooms.AttemptID{DeliveryID: j.ID(), Round: j.Round, Attempt: j.Attempt})
	switch {
	case fault != nil:
		return false, p, fmt.Errorf("channels: %w", fault)
	case known:
		return true, p, err
	}
	return false, p, nil
}

// begun judges an attempt that was begun before, and of which nobody said how it ended: that it may have been sent comes
// before all that is decided since. ok is false then, and where nobody knows.
func (w *worker) begun(ctx context.Context, j work) (s step, ok bool) {
	known, p, err := ledger{w.claims, w.policies}.begun(ctx, j.Job)
	out, now := Outcome{Result: Deferred, Reason: rooms.Unknown, Code: claimed}, w.clock()
	o := order{job: j.Job, policy: p, by: &member{}}
	switch {
	case known && (p.Holds(j.Lane) || !now.Before(j.Deadline)):
		return hold(o, out, now), false
	case err != nil:
		return w.fault(ctx, j, "claim", err), false
	case !known:
		return step{}, true
	}
	o, err = w.opener.order(ctx, j.Job) // for its other channel
	if err != nil && !errors.Is(err, errGone) && !errors.Is(err, errNoContent) && !errors.Is(err, errIncomplete) {
		return w.fault(ctx, j, "opening", err), false
	}
	o.job, o.policy, o.by, o.Content = j.Job, p, &member{}, p.Content.Said(o.Content, j.Channel)
	return o.unsure(out, now), false
}

// unsure is what follows an attempt of unknown outcome. Where the next one is to follow and cannot, the delivery fails for
// the same reason.
func (o order) unsure(out Outcome, now time.Time) step {
	if o.policy.Holds(o.job.Lane) || !now.Before(o.job.Deadline) {
		return hold(o, out, now)
	}
	s := o.bend(follow(o.job, out, now, o.policy.Wait(o.job.Attempt, rand.Float64())), now)
	s.event.Reason, s.event.Provider, s.maySent = rooms.Unknown, o.by.Name, true
	return s
}

// hold has a person decide what follows an attempt of unknown outcome. If nobody does, the delivery fails at its deadline:
// what sees to that waits among the retries.
func hold(o order, out Outcome, now time.Time) step {
	s := record(o.job, out, rooms.EventErrored, rooms.Unknown, now)
	s.event.Provider, s.maySent = o.by.Name, true
	if !now.Before(o.job.Deadline) {
		s.event.Kind = rooms.EventFailed
		return s
	}
	s.then, s.retry = o.job, o.job.Deadline
	s.then.Undecided, s.then.Due = true, o.job.Deadline
	return s
}

// lateDefinite has what would follow an attempt follow its late outcome, where a person is to decide because it was not known.
// Whoever has decided meanwhile has made it needless. Where the next attempt was to follow anyway, that tells more.
func (w *worker) lateDefinite(ctx context.Context, j work, o order, out Outcome) {
	if !o.policy.Holds(j.Lane) || out.unknown() {
		return
	}
	if out.Result == Throttled || out.Result == NoRoom {
		out.Result, out.Reason = Deferred, rooms.Throttled
	}
	s := w.judge(ctx, o, out)
	if s.action != finish {
		return
	}
	w.learn(ctx, j, o.Delivery, out)
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	if err := w.park(ctx, j, s); err != nil {
		w.log.Warn("retry not parked; a person is to decide", append(ids(j.Job), "error", err)...)
		return
	}
	w.write(ctx, j.Job, s.event)
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
