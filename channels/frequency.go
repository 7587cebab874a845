package channels

import (
	"context"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Frequencies know how often people are reached.
type Frequencies interface {
	// Person names who is behind a contact in a room, so that nobody can tell who it is.
	Person(room rooms.Room, c rooms.Contact) rooms.SubscriberID
	// Reached waits until every event recorded before the call is known, then gives the messages that have reached a
	// person since a moment, each with when.
	Reached(ctx context.Context, person rooms.SubscriberID, since time.Time) (map[rooms.UMID]time.Time, error)
}

// person is who is to be counted for a job; the empty id if nobody is. A subscriber's is his own, wherever he is reached.
func (w *worker) person(j rooms.Job, p rooms.Policy, c rooms.Contact) rooms.SubscriberID {
	if p.Cap.Messages <= 0 || anytime(j) || w.frequencies == nil {
		return ""
	}
	if id, err := rooms.ParseSubscriberID(j.Owner); err == nil {
		return id
	}
	return w.frequencies.Person(j.Room, c)
}

// capped is until when the person of an order has had as many messages as the policy allows; zero if he has not. The
// message itself does not count, so that a further attempt of it is free.
func (w *worker) capped(ctx context.Context, o order, now time.Time) (time.Time, error) {
	if o.person == "" {
		return time.Time{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	cp := o.policy.Cap
	reached, err := w.frequencies.Reached(ctx, o.person, now.Add(-cp.Per))
	if err != nil {
		return time.Time{}, err
	}
	delete(reached, o.job.UMID)
	var times []time.Time
	for _, at := range reached {
		times = append(times, at)
	}
	if len(times) < cp.Messages {
		return time.Time{}, nil
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[len(times)-cp.Messages].Add(cp.Per + time.Millisecond), nil
}

// withinCap says whether the order may go: nobody else is about to reach the person from here, and he has room for one
// more message. If he has, his place is taken until the attempt is recorded.
func (w *worker) withinCap(ctx context.Context, o *order, now time.Time) (step, bool) {
	person := w.person(o.job, o.policy, o.To)
	if person == "" {
		return step{}, true
	}
	if !w.hands.takePerson(person) {
		return step{action: handBack, wait: time.Second}, false
	}
	o.person = person
	until, err := w.capped(ctx, *o, now)
	switch {
	case err != nil:
		return w.fault(ctx, work{Job: o.job}, "frequency", err), false
	case until.IsZero():
		return step{}, true
	}
	due, ok := allowed(o.policy, o.job, until)
	if !ok {
		return giveUp(o.job, rooms.Capped, now), false
	}
	return postpone(o.job, rooms.Capped, now, due), false
}
