package channels

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
)

const (
	historyPatience = 30 * time.Second // how long an attempt waits for the index
	faultWait       = 30 * time.Second // before a fault of ours is tried again
	slotPatience    = 2 * time.Second  // how long an attempt waits for a slot of its provider
	recordPatience  = 3 * time.Second  // for recording after everything was cancelled
	noPolicyWait    = time.Minute      // before the next attempt of an emergency if the policy is not known
	leavingGrace    = time.Minute      // for which a message may still reach who has left
)

// worker does one job at a time for each goroutine that calls do.
type worker struct {
	journal  journal
	claims   claims
	members  Members
	history  History
	policies Policies
	controls Controls
	failures Failures
	// frequencies is nil where nobody counts how often a person is reached.
	frequencies  Frequencies
	suppressions Suppressions // may be nil
	left         func(rooms.Room, rooms.SubscriberID) bool
	leave        func(rooms.Room, rooms.SubscriberID, rooms.Contact) rooms.Address
	token        func(rooms.AttemptID) string                       // may be nil
	lately       *lately                                            // may be nil
	contacts     func(rooms.Room, rooms.Contact) rooms.SubscriberID // nil: nobody answers on the channel
	opener       *opener
	crew         *crew
	timeout      time.Duration
	ackWait      time.Duration
	hands        *hands
	skipped      *metrics.Counter // repeats not sent again
	log          *slog.Logger
	now          func() time.Time // by which leases end
	clock        func() time.Time // by which deliveries expire
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
	var o order
	settle := func(s step) {
		once.Do(func() {
			defer held.end()
			defer w.hands.release(j.ID())
			defer w.hands.releasePerson(o.person)
			down(w.put(send, j, s))
		})
	}
	o, s, ok := w.consider(pull, j)
	if ok {
		s, ok = w.wait(pull, j, o)
	}
	if !ok {
		s = w.unmade(pull, j, s)
	}
	if !ok {
		settle(s)
		return
	}
	if ok && o.policy.Claims(j.Lane) {
		s, ok = w.claim(send, &j, o)
	}
	switch {
	case !ok:
		settle(s)
	case !held.held():
		settle(held.lost())
	default:
		w.attempt(send, j, o, settle)
	}
}

// wait is for a slot of the provider; what has none after a while returns to the queue. What was decided meanwhile counts.
func (w *worker) wait(pull context.Context, j work, o order) (step, bool) {
	ctx, cancel := context.WithTimeout(pull, slotPatience)
	defer cancel()
	if !o.by.slots.take(ctx, j.Lane) {
		if pull.Err() != nil {
			return step{action: handBack}, false
		}
		wait := shortRetry
		if o.by.slots.none() {
			wait = minRetry
		}
		return step{action: handBack, wait: wait}, false
	}
	if !o.probes && o.by.health.dead() { // meanwhile; it is another's turn
		return step{action: handBack}, false
	}
	now := w.clock()
	due, ok := allowed(o.policy, j.Job, now)
	if !ok || !now.Before(j.Deadline) {
		return giveUp(j.Job, rooms.Expired, now), false
	}
	if s, ok := decided(j.Job, w.controls.Of(j.UMID), now); ok {
		return s, false
	}
	if due.After(now) {
		return postpone(j.Job, rooms.Quiet, now, due), false
	}
	return w.stillHere(pull, j, o, now)
}

// stillHere says whether a subscriber has not left in the last moment.
func (w *worker) stillHere(ctx context.Context, j work, o order, now time.Time) (step, bool) {
	id, err := rooms.ParseSubscriberID(j.Owner)
	if err != nil || w.left == nil || !w.left(j.Room, id) {
		return step{}, true
	}
	switch _, here, err := w.members.Subscribed(ctx, j.Room, id, o.To); {
	case err != nil:
		return w.fault(ctx, j, "subscription", err), false
	case !here:
		return keepOff(j.Job, rooms.SuppressedLeft, now), false
	}
	return step{}, true
}

// consider says what to send, or, if nothing is to be sent, what to do instead.
func (w *worker) consider(ctx context.Context, j work) (order, step, bool) {
	if j.Undecided {
		return order{}, w.undecided(ctx, j), false
	}
	if j.mayRepeat || j.Attempt > 1 || !j.Due.IsZero() {
		settled, err := w.settled(ctx, j)
		if err != nil {
			return order{}, w.fault(ctx, j, "history", err), false
		}
		if settled {
			w.skipped.Inc()
			return order{}, step{action: finish}, false
		}
		if s, ok := w.begun(ctx, j); !ok {
			return order{}, s, false
		}
	}
	now := w.clock()
	if !now.Before(j.Deadline) {
		return order{}, giveUp(j.Job, rooms.Expired, now), false
	}
	if s, ok := decided(j.Job, w.controls.Of(j.UMID), now); ok {
		return order{}, s, false
	}
	p, err := w.policies.Policy(ctx, j.Policy)
	switch {
	case err != nil && exempt(j.Job):
		p = rooms.Policy{Retry: []time.Duration{noPolicyWait}}
	case err != nil: // nobody knows what the rules are
		return order{}, w.fault(ctx, j, "policy", err), false
	}
	if due, ok := allowed(p, j.Job, now); !ok {
		return order{}, giveUp(j.Job, rooms.Expired, now), false
	} else if due.After(now) {
		return order{}, postpone(j.Job, rooms.Quiet, now, due), false
	}
	o, s, ok := w.order(ctx, j, p, now)
	return o, s, ok && ctx.Err() == nil
}

// order says what to send to whom, by which provider.
func (w *worker) order(ctx context.Context, j work, p rooms.Policy, now time.Time) (order, step, bool) {
	o, err := w.opener.order(ctx, j.Job)
	o.policy, o.Content = p, p.Content.Said(o.Content, j.Channel)
	switch {
	case errors.Is(err, errGone):
		return o, giveUp(j.Job, rooms.Gone, now), false
	case errors.Is(err, errNoContent):
		return o, o.bend(giveUp(j.Job, rooms.NoContent, now), now), false
	case errors.Is(err, errIncomplete):
		return o, giveUp(j.Job, rooms.Incomplete, now), false
	case err != nil:
		return o, w.fault(ctx, j, "opening", err), false
	}
	here := false
	o.To, here, err = w.subscribed(ctx, j, o.Delivery)
	switch {
	case err != nil:
		return o, w.fault(ctx, j, "subscription", err), false
	case !here:
		return o, keepOff(j.Job, rooms.SuppressedLeft, now), false
	}
	if s, moved := o.late(now); moved {
		return o, s, false
	}
	if s, ok := w.withinCap(ctx, &o, now); !ok {
		return o, s, false
	}
	whole := o.To
	if o.To, here = reach(o.To, j.Channel); !here {
		return o, keepOff(j.Job, rooms.SuppressedChannel, now), false
	}
	if w.erased(j, o, whole) {
		return o, giveUp(j.Job, rooms.Suppressed, now), false
	}
	if w.suppressed(j, o.Delivery) {
		return o, o.resting(now), false
	}
	if w.stopped(j, o) {
		return o, keepOff(j.Job, rooms.SuppressedStopped, now), false
	}
	o.To.Copies = w.copies(j, o)
	if s, ok := decided(j.Job, w.controls.Of(j.UMID), now); ok { // as late as can be
		return o, s, false
	}
	o.Subscribed, o.Leave = subscribes(j), w.leaveOf(j, whole)
	if w.token != nil {
		o.Token = w.token(rooms.AttemptID{DeliveryID: j.ID(), Round: j.Round, Attempt: j.Attempt})
	}
	o.contact = w.contact(j, o)
	choose := w.crew.choose
	if p.Claims(j.Lane) {
		choose = w.crew.chooseClaimed
	}
	by, s, ok := choose(j.Job, p.Routes[j.Channel], time.Now())
	if !ok {
		return o, s, false
	}
	o.by, o.probes = by, by.health.dead()
	return o, step{action: handBack}, true
}

// leaveOf is where a subscriber can end his subscription; nowhere for named recipients and applications.
func (w *worker) leaveOf(j work, to rooms.Contact) rooms.Address {
	if !subscribes(j) || w.leave == nil {
		return rooms.Address{}
	}
	return w.leave(j.Room, rooms.SubscriberID(j.Owner), to)
}

// subscribes says that a job is for a person who has subscribed.
func subscribes(j work) bool {
	_, err := rooms.ParseSubscriberID(j.Owner)
	return err == nil && j.Channel != rooms.Webhook
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

// unmade is what follows from not even trying. Where the delivery was to be moved here because no receipt has come, it
// stays what it is, sent, and it is recorded why nothing follows: so a bounce that comes yet is the end.
func (w *worker) unmade(ctx context.Context, j work, s step) step {
	if s.event.Kind != rooms.EventFailed || j.Moved != j.Attempt || s.maySent {
		return s
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	stands, err := w.history.State(ctx, j.ID())
	switch {
	case err != nil:
		return w.fault(ctx, j, "history", err)
	case stands.Status == rooms.Sent:
		s.event.Kind, s.event.Channel, s.event.Receipt = rooms.EventSent, "", true
	}
	return s
}

func (w *worker) settled(ctx context.Context, j work) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	if j.Moved == 0 {
		return w.history.Settled(ctx, j.ID(), j.Round, j.Attempt)
	}
	s, err := w.history.State(ctx, j.ID())
	return NeedlessMoved(s, j.Job), err
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
func (w *worker) attempt(ctx context.Context, j work, o order, settle func(step)) {
	began := time.Now()
	answer := func(out Outcome) {
		crash.Point("after-send")
		o.by.meter.attempt(out.Result, time.Since(began))
		if out.Result == NoRoom {
			o.by.slots.back(began)
		}
		w.learn(ctx, j, o.Delivery, out)
		settle(w.judge(ctx, o, out))
	}
	late := func(out Outcome) { w.late(ctx, j, o, out) }
	c := o.by.call(w.timeout, w.log)
	c.patient = j.claim != 0 // what is let go is of unknown outcome
	c.send(ctx, o.Delivery, answer, late)
}

// judge turns an outcome into a step. An outcome that our own stopping has cut short says
// nothing of the provider: the job goes back as it was.
func (w *worker) judge(ctx context.Context, o order, out Outcome) step {
	now := w.clock()
	if out.unknown() && o.policy.Claims(o.job.Lane) { // it may have been sent, whatever has cut it short
		return o.unsure(out, now)
	}
	if ctx.Err() != nil && out.Result != Sent && out.Result != Rejected && out.Result != Suppressed {
		return step{action: handBack}
	}
	if exempt(o.job) && out.Reason == rooms.Unreachable && o.by.health.dead() { // nothing was sent, and nothing is gained by waiting longer
		return step{action: handBack, wait: minRetry}
	}
	s := o.bend(follow(o.job, out, now, o.policy.Wait(o.job.Attempt, rand.Float64())), now)
	s.event.Provider = o.by.Name
	if len(w.crew.members) > 1 {
		s.pause = 0 // what is throttled is one of several
	}
	return s
}

// late records a confirmation that came after the attempt was given up as unknown: it makes
// the next attempt needless.
func (w *worker) late(ctx context.Context, j work, o order, out Outcome) {
	w.log.Warn("provider answered late", append(ids(j.Job), "provider", o.by.Name, "result", out.Result)...)
	if out.Result != Sent {
		w.lateDefinite(ctx, j, o, out)
		return
	}
	s := w.judge(ctx, o, out)
	s.event.RetryAt, s.event.Rule, s.event.Next = time.Time{}, "", "" // what was parked then stays as it is
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	w.write(ctx, j.Job, s.event)
}
