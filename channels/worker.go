package channels

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
)

const (
	historyPatience = 30 * time.Second // how long an attempt waits for the index
	faultWait       = 30 * time.Second // before a fault of ours is tried again
	recordPatience  = 3 * time.Second  // for recording after everything was cancelled
	leavingGrace    = time.Minute      // for which a message may still reach who has left
	noPolicyWait    = 5 * time.Minute  // before the next attempt if the policy is not known
)

// worker does one job at a time for each goroutine that calls do.
type worker struct {
	journal  journal
	members  Members
	history  History
	policies Policies
	opener   *opener

	suppressions Suppressions // may be nil

	left    func(rooms.Room, rooms.SubscriberID) bool
	leave   func(rooms.Room, rooms.SubscriberID) rooms.Address
	named   Named
	timeout time.Duration
	ackWait time.Duration
	hands   *hands
	meter   *meter
	log     *slog.Logger
	now     func() time.Time // by which leases end
	clock   func() time.Time // by which deliveries expire
}

// do sees a job through: needless ones are dropped, the others sent, what became of them
// recorded and the job put down. It calls down with the step taken as soon as that is done,
// and returns when the provider has let go. No sending begins once pull has ended; send is
// what the provider works under.
func (w *worker) do(pull, send context.Context, j work, down func(step)) {
	if !w.hands.take(j.ID()) {
		down(w.put(send, j, step{action: handBack, wait: w.ackWait}))
		return
	}
	held := newLease(j, w.ackWait, w.now)
	var once sync.Once
	settle := func(s step) {
		once.Do(func() {
			defer held.end()
			defer w.hands.release(j.ID())
			down(w.put(send, j, s))
		})
	}
	d, s, ok := w.consider(pull, j)
	if !ok {
		settle(s)
		return
	}
	if !held.held() {
		settle(held.lost())
		return
	}
	w.attempt(send, j, d, settle)
}

// consider says what to send, or, if nothing is to be sent, what to do instead.
func (w *worker) consider(ctx context.Context, j work) (rooms.Delivery, step, bool) {
	if j.mayRepeat || j.Attempt > 1 {
		settled, err := w.settled(ctx, j)
		if err != nil {
			return rooms.Delivery{}, w.fault(ctx, j, "history", err), false
		}
		if settled {
			w.meter.skipped.Inc()
			return rooms.Delivery{}, step{action: finish}, false
		}
	}
	now := w.clock()
	if !now.Before(j.Deadline) {
		return rooms.Delivery{}, giveUp(j.Job, rooms.Expired, now), false
	}
	d, err := w.opener.delivery(ctx, j.Job)
	switch {
	case errors.Is(err, errGone):
		return d, giveUp(j.Job, rooms.Gone, now), false
	case errors.Is(err, errNoContent):
		return d, giveUp(j.Job, rooms.NoContent, now), false
	case err != nil:
		return d, w.fault(ctx, j, "opening", err), false
	}
	here := false
	d.To, here, err = w.subscribed(ctx, j, d)
	switch {
	case err != nil:
		return d, w.fault(ctx, j, "subscription", err), false
	case !here:
		return d, giveUp(j.Job, rooms.Suppressed, now), false
	}
	if w.suppressed(j, d) {
		return d, giveUp(j.Job, rooms.Suppressed, now), false
	}
	d.Leave = w.leaveOf(j)
	return d, step{action: handBack}, ctx.Err() == nil
}

// leaveOf is where a subscriber can end his subscription; nowhere for named recipients and applications.
func (w *worker) leaveOf(j work) rooms.Address {
	id, err := rooms.ParseSubscriberID(j.Owner)
	if err != nil || j.Channel == rooms.Webhook || w.leave == nil {
		return rooms.Address{}
	}
	return w.leave(j.Room, id)
}

// subscribed says whether somebody is still in the room, and as what. Of people it is asked for
// deliveries that have waited, and of who has left since: those of a minute ago were planned with who was there. A webhook's
// owner may lose the right to read, and its secrets may change, at any moment.
func (w *worker) subscribed(ctx context.Context, j work, d rooms.Delivery) (rooms.Contact, bool, error) {
	id, err := rooms.ParseSubscriberID(j.Owner)
	fresh := j.Attempt == 1 && w.clock().Sub(d.ReceivedAt) < leavingGrace && j.Channel != rooms.Webhook
	if err != nil || fresh && (w.left == nil || !w.left(j.Room, id)) {
		return d.To, true, nil // a named recipient, or a fresh message
	}
	return w.members.Subscribed(ctx, j.Room, id, d.To)
}

func (w *worker) settled(ctx context.Context, j work) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	return w.history.Settled(ctx, j.ID(), j.Attempt)
}

// fault hands a job back because something of ours does not work; at once if we are stopping.
func (w *worker) fault(ctx context.Context, j work, what string, err error) step {
	if ctx.Err() != nil {
		return step{action: handBack}
	}
	w.log.Warn("delivery postponed", append(ids(j.Job), "what", what, "error", err)...)
	return step{action: handBack, wait: faultWait}
}

// attempt has the provider send, and settles the job by what it answers.
func (w *worker) attempt(ctx context.Context, j work, d rooms.Delivery, settle func(step)) {
	began := time.Now()
	answer := func(o Outcome) {
		crash.Point("after-send")
		w.meter.attempt(o.Result, time.Since(began))
		w.learn(ctx, j, d, o)
		settle(w.judge(ctx, j, o))
	}
	late := func(o Outcome) { w.late(ctx, j, o) }
	call{w.named, w.timeout, w.log}.send(ctx, d, answer, late)
}

// judge turns an outcome into a step. An outcome that our own stopping has cut short says
// nothing of the provider: the job goes back as it was.
func (w *worker) judge(ctx context.Context, j work, o Outcome) step {
	if ctx.Err() != nil && o.Result != Sent && o.Result != Rejected && o.Result != Suppressed {
		return step{action: handBack}
	}
	s := follow(j.Job, o, w.clock(), w.wait(ctx, j.Job))
	s.event.Provider = w.named.Name
	return s
}

// wait is the time that the policy sets before the next attempt.
func (w *worker) wait(ctx context.Context, j rooms.Job) time.Duration {
	p, err := w.policies.Policy(ctx, j.Policy)
	if err != nil {
		w.log.Warn("policy not known", append(ids(j), "policy", j.Policy.Name, "revision", j.Policy.Revision, "error", err)...)
		return noPolicyWait
	}
	return p.Wait(j.Attempt, rand.Float64())
}

// late records a confirmation that came after the attempt was given up as unknown: it makes
// the next attempt needless.
func (w *worker) late(ctx context.Context, j work, o Outcome) {
	w.log.Warn("provider answered late", append(ids(j.Job), "provider", w.named.Name, "result", o.Result)...)
	if o.Result != Sent {
		return
	}
	s := w.judge(ctx, j, o)
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	w.write(ctx, j.Job, s.event)
}
