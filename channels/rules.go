package channels

import (
	"cmp"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// order is an attempt to be made, with what the rules of its policy have to know.
type order struct {
	rooms.Delivery
	job    rooms.Job
	policy rooms.Policy
	start  time.Time          // since when the message may be delivered
	person rooms.SubscriberID // who is about to be reached, if that is counted
	by     *member
	probes bool // whether by lives
	own    bool // crier's own message
	// accepted is when the gateway took the message, or the series that it is one time of.
	accepted time.Time
	// contact is the id of the contact, where people may answer.
	contact rooms.SubscriberID
}

// exempt says that no rule holds the delivery up.
func exempt(j rooms.Job) bool { return j.Lane == rooms.Emergency }

// anytime says that people may be written to by it at any hour, and however often they were.
func anytime(j rooms.Job) bool { return exempt(j) || j.Anytime || j.Channel == rooms.Webhook }

// allowed is the first moment from t on at which the policy allows sending; false if it comes too late. Quiet hours are for
// people, not for applications.
func allowed(p rooms.Policy, j rooms.Job, t time.Time) (time.Time, bool) {
	if anytime(j) {
		return t, t.Before(j.Deadline)
	}
	due, ok := p.Times.Next(t)
	return due, ok && due.Before(j.Deadline)
}

// postpone puts an attempt off until due, which is recorded unless something that matters more is: the attempt before
// may be sent, and wait for its receipt. Nothing has been tried, so the attempt keeps its number; the queue tells it by
// its time, so that it is never postponed to the same one again, say by a clock that is behind.
func postpone(j rooms.Job, reason rooms.Reason, now, due time.Time) step {
	if due.UnixMilli() <= j.Due.UnixMilli() {
		due = j.Due.Add(time.Millisecond)
		if wait := due.Sub(now); wait <= maxShort {
			return step{action: handBack, wait: wait}
		}
	}
	s := record(j, Outcome{}, rooms.EventPostponed, reason, now)
	s.event.RetryAt, s.retry, s.event.Rule = due, due, ruleOf(reason)
	if j.Moved == j.Attempt {
		s.event = rooms.Event{}
	}
	j.Due = due
	s.then = j
	return s
}

// ruleOf is the rule by which an attempt is put off.
func ruleOf(reason rooms.Reason) rooms.Rule {
	if reason == rooms.Capped {
		return rooms.RuleCap
	}
	return rooms.RuleQuiet
}

// bend changes what follows an attempt to what the policy says.
func (o order) bend(s step, now time.Time) step {
	if s.action != finish {
		return s
	}
	if s.event.Kind == rooms.EventSent {
		if o.person != "" {
			s.event.Owner, s.event.Counted = o.person, true
		}
		s.event = o.answerable(s.event)
		if !s.event.Receipt && slices.Contains(o.policy.SentIsDelivered, o.job.Channel) {
			s.event.Kind = rooms.EventDelivered
		}
	}
	if s = o.fallBack(s, now); s.retry.IsZero() {
		return s
	}
	due, ok := allowed(o.policy, o.job, s.retry)
	switch {
	case ok:
		if due.After(s.retry) {
			s.event.Rule = cmp.Or(s.event.Rule, rooms.RuleQuiet)
		}
		s.event.RetryAt, s.retry = due, due
	case s.event.Kind == rooms.EventSent: // the receipt has the last word
		s.event.RetryAt, s.retry = time.Time{}, time.Time{}
		s.event.Rule, s.event.Next = "", ""
	default:
		code := cmp.Or(s.event.Code, string(s.event.Reason))
		s = giveUp(o.job, rooms.Expired, now)
		s.event.Code = code
	}
	return s
}

// fallBack has the next attempt made on the person's other channel, if it is that channel's turn: the time that the
// policy leaves to the first is over before the next attempt there, or before a receipt has come, or there will be none.
func (o order) fallBack(s step, now time.Time) step {
	to, at, ok := o.other()
	soonest := now.Add(minRetry)
	switch {
	case !ok:
		return s
	case s.event.Kind == rooms.EventSent && s.event.Receipt, // a receipt may come until then
		s.event.Kind == rooms.EventErrored && !s.retry.Before(at),
		s.event.Kind == rooms.EventFailed && s.event.Reason == rooms.Expired: // no further attempt fits
		if at.After(soonest) {
			soonest = at
		}
	case s.event.Kind == rooms.EventFailed && closed(s.event.Reason):
	default:
		return s
	}
	if !soonest.Before(o.job.Deadline) {
		return s
	}
	if s.event.Kind == rooms.EventFailed {
		s.event.Kind = rooms.EventErrored
		if s.event.Reason == rooms.Expired {
			s.event.Reason = rooms.Deferred
		}
	}
	s.then = next(o.job)
	s.then.Channel, s.then.Moved = to, s.then.Attempt
	s.event.RetryAt, s.retry = soonest, soonest
	s.event.Rule, s.event.Next = rooms.RuleFallback, to
	return s
}

// resting is what follows where the address is known to take nothing: the other channel, at once. Where there is none,
// nothing has gone wrong anew.
func (o order) resting(now time.Time) step {
	s := o.bend(giveUp(o.job, rooms.NoMailbox, now), now)
	if s.event.Kind == rooms.EventFailed {
		return keepOff(o.job, rooms.SuppressedAddress, now)
	}
	return s
}

// late moves a delivery whose time on its channel is over, although it has not been tried there yet.
func (o order) late(now time.Time) (step, bool) {
	_, at, ok := o.other()
	if !ok || now.Before(at) {
		return step{}, false
	}
	s := record(o.job, Outcome{Code: "fallback"}, rooms.EventErrored, rooms.TimedOut, now)
	s.event.RetryAt, s.retry = now, now
	s = o.fallBack(s, now)
	return s, s.then.Moved > 0
}

// closed says that a channel does not reach the person, while another may. Who may not be written to is not
// sought elsewhere.
func closed(r rooms.Reason) bool {
	return r == rooms.Rejected || r == rooms.Bounced || r == rooms.NoContent || r == rooms.Unconfigured || r == rooms.NoMailbox
}

// other is the channel to which the policy moves the delivery, and when. A delivery moves once; the person must be
// there, and the message have something to say there.
func (o order) other() (to rooms.Channel, at time.Time, ok bool) {
	at0 := slices.IndexFunc(o.policy.Fallback, func(f rooms.Fallback) bool { return f.From == o.job.Channel })
	if at0 < 0 || o.job.Moved > 0 || o.job.Channel == rooms.Webhook {
		return "", at, false
	}
	f := o.policy.Fallback[at0]
	there := slices.ContainsFunc(o.To.Others, func(e rooms.Endpoint) bool { return e.Channel == f.To })
	return f.To, o.start.Add(f.After), there && o.Content.For(f.To)
}

// reach gives the contact as it is on a channel of the person.
func reach(c rooms.Contact, ch rooms.Channel) (rooms.Contact, bool) {
	if c.Channel == ch {
		return c, true
	}
	for _, e := range c.Others {
		if e.Channel == ch && ch != rooms.Webhook {
			c.Channel, c.Address = ch, e.Address
			return c, true
		}
	}
	return c, false
}
