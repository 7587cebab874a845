package channels

import (
	"cmp"
	"math"
	"time"

	"github.com/govcrier/crier/rooms"
)

// action is where a job goes.
type action int

const (
	leave    action = iota // nowhere: the queue gives it to somebody else in time
	handBack               // to the queue, which offers it again after step.wait
	finish                 // out of the queue, after what the step records
	suspend                // out of the queue, and into it again when its message goes on
)

// step is what follows from what is known of a job.
type step struct {
	action action
	wait   time.Duration // handBack
	pause  time.Duration // handBack: how long to pull nothing of this lane and channel
	event  rooms.Event   // finish: what is recorded, unless its Kind is empty
	retry  time.Time     // finish: when the next attempt is due, zero for none
	then   rooms.Job     // finish: what is due then; the zero value is the next attempt of the same job
	// maySent says that the attempt may have been sent: it keeps its claim, whatever becomes of the step.
	maySent bool
}

const (
	maxShort    = time.Minute // the longest wait for which a job is handed back
	shortRetry  = 5 * time.Second
	minRetry    = time.Second // what a schedule can tell apart
	maxAttempts = math.MaxUint16
)

// follow says what comes after an outcome at the given time, if the policy would wait
// that long.
func follow(j rooms.Job, o Outcome, now time.Time, wait time.Duration) step {
	switch o.Result {
	case Sent:
		return record(j, o, rooms.EventSent, rooms.NoReason, now)
	case Throttled:
		wait = min(cmp.Or(max(o.After, 0), shortRetry), maxShort)
		return step{action: handBack, wait: wait, pause: wait}
	case NoRoom:
		return step{action: handBack, wait: min(max(o.After, minRetry), maxShort)}
	case Rejected:
		return record(j, o, rooms.EventFailed, cmp.Or(o.Reason, rooms.Rejected), now)
	case Suppressed:
		return record(j, o, rooms.EventFailed, rooms.Suppressed, now)
	}
	return again(j, o, now, cmp.Or(max(o.After, 0), wait))
}

// again plans the next attempt, or gives up if none fits before the deadline.
func again(j rooms.Job, o Outcome, now time.Time, wait time.Duration) step {
	reason := cmp.Or(o.Reason, rooms.Deferred)
	due := now.Add(max(wait, minRetry))
	if !due.Before(j.Deadline) || j.Attempt >= maxAttempts {
		o.Code = cmp.Or(o.Code, string(reason))
		return record(j, o, rooms.EventFailed, rooms.Expired, now)
	}
	s := record(j, o, rooms.EventErrored, reason, now)
	s.event.RetryAt, s.retry = due, due
	return s
}

// record finishes a job with an event.
func record(j rooms.Job, o Outcome, kind rooms.Kind, reason rooms.Reason, now time.Time) step {
	return step{action: finish, event: rooms.Event{
		Kind: kind, Room: j.Room, UMID: j.UMID, At: now,
		N: j.N, Attempt: j.Attempt, Round: j.Round, Channel: j.Channel,
		ProviderID: o.ProviderID, Receipt: o.Receipt && kind == rooms.EventSent,
		Reason: reason, Code: o.Code, Owner: owner(j, kind, o),
	}}
}

// owner is the subscriber whose delivery has failed, or may fail yet: it takes him to try it anew.
func owner(j rooms.Job, kind rooms.Kind, o Outcome) rooms.SubscriberID {
	if kind != rooms.EventFailed && !(kind == rooms.EventSent && o.Receipt) && !(kind == rooms.EventErrored && o.unknown()) {
		return ""
	}
	id, err := rooms.ParseSubscriberID(j.Owner)
	if err != nil {
		return "" // a named recipient
	}
	return id
}

// giveUp finishes a job that no provider saw.
func giveUp(j rooms.Job, reason rooms.Reason, now time.Time) step {
	return record(j, Outcome{}, rooms.EventFailed, reason, now)
}

// keepOff gives up a job since the person may not be written to; the code says why.
func keepOff(j rooms.Job, code string, now time.Time) step {
	return record(j, Outcome{Code: code}, rooms.EventFailed, rooms.Suppressed, now)
}

// decided is what follows from what was decided about the message of a job; ok is false if it goes on.
func decided(j rooms.Job, c rooms.Control, now time.Time) (s step, ok bool) {
	switch {
	case c.State == rooms.ControlCancelled:
		return giveUp(j, c.Why(), now), true
	case c.Waits():
		return step{action: suspend}, true
	}
	return step{}, false
}

// next is the job of the attempt that follows.
func next(j rooms.Job) rooms.Job {
	j.Attempt++
	j.Due = time.Time{}
	return j
}
