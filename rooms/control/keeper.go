package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	// lookEvery is the time between two looks at what waits.
	lookEvery = 300 * time.Millisecond
	// tidyEvery is the time between two looks at all that was decided.
	tidyEvery = 10 * time.Second
	// backAtOnce is how many batches of jobs go back into their lane in one look.
	backAtOnce = 20
	// failBatch is how many jobs are given up together.
	failBatch = 900
	// soon is when a retry is left to whoever sends it, who sees by himself that it is cancelled.
	soon = 10 * time.Second
)

// Keeper carries decisions out, one for all nodes: it takes jobs that waited back into their lanes, gives up those of
// cancelled messages and of messages that have expired, records decisions whose record was interrupted, and forgets those
// about messages that are long done with.
type Keeper struct {
	Desk *Desk
	// Keep is how long after a decision its message may still have deliveries under way.
	Keep time.Duration
	// Whole is an error unless the index knows all that was in the log at the call. It does not wait for one that is begun anew.
	Whole func(ctx context.Context) error
	Log   *slog.Logger

	tidied time.Time
	done   map[rooms.UMID]time.Time // cancelled messages whose retries were given up, and when
}

// Run works until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	k.done = map[rooms.UMID]time.Time{}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := k.look(ctx); err != nil && ctx.Err() == nil {
			k.Log.Warn("what was decided about messages is not carried out yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// look does what there is to do. What fails for one message keeps no other waiting.
func (k *Keeper) look(ctx context.Context) error {
	waiting, err := k.Desk.Log.Suspended(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, u := range slices.Sorted(maps.Keys(waiting)) {
		faults = append(faults, k.settle(ctx, u))
	}
	now := time.Now()
	tidy := now.Sub(k.tidied) >= tidyEvery
	for _, c := range k.Desk.Controls.All() {
		if c.State == rooms.ControlCancelled && now.Sub(k.done[c.UMID]) > time.Minute {
			err := k.endRetries(ctx, c)
			faults = append(faults, err)
			if err == nil {
				k.done[c.UMID] = now
			}
		}
		if tidy {
			k.tidied = now
			faults = append(faults, k.tidy(ctx, c))
		}
	}
	return errors.Join(faults...)
}

// settle does with the jobs of a message that wait what was decided about it.
func (k *Keeper) settle(ctx context.Context, u rooms.UMID) error {
	switch c := k.Desk.Controls.Of(u); {
	case c.State == rooms.ControlCancelled:
		return k.giveUp(ctx, u, c.Why(), func(rooms.Job) bool { return true })
	case c.Waits():
		return k.expire(ctx, u)
	}
	for range backAtOnce {
		n, err := k.Desk.Log.Unsuspend(ctx, u)
		if err != nil || n == 0 || !k.Desk.Controls.Of(u).Runs() {
			return err
		}
	}
	return nil // the rest with the next look, so that no other message waits for it
}

// expire gives up the jobs of a paused message when the oldest of them is past its deadline.
func (k *Keeper) expire(ctx context.Context, u rooms.UMID) error {
	first, _, err := k.Desk.Log.SuspendedJobs(ctx, u, 0, 1)
	if err != nil || len(first) == 0 || k.Desk.now().Before(first[0].Deadline) {
		return err
	}
	return k.giveUp(ctx, u, rooms.Expired, func(j rooms.Job) bool { return !k.Desk.now().Before(j.Deadline) })
}

// giveUp records jobs that wait as failed, then forgets them, up to the first that is to stay.
func (k *Keeper) giveUp(ctx context.Context, u rooms.UMID, why rooms.Reason, up func(rooms.Job) bool) error {
	for {
		jobs, upTo, err := k.Desk.Log.SuspendedJobs(ctx, u, 0, failBatch)
		if err != nil || upTo == 0 {
			return err
		}
		if slices.ContainsFunc(jobs, func(j rooms.Job) bool { return !up(j) }) {
			return nil
		}
		if err := k.fail(ctx, jobs, why); err != nil {
			return err
		}
		if err := k.Desk.Log.DropSuspended(ctx, u, upTo); err != nil {
			return err
		}
	}
}

// fail records of jobs that they are given up, unless it is known what became of them.
func (k *Keeper) fail(ctx context.Context, jobs []rooms.Job, why rooms.Reason) error {
	if err := k.Desk.Index.Wait(ctx); err != nil {
		return err
	}
	var events []rooms.Event
	for _, j := range jobs {
		s, err := k.Desk.Index.State(j.ID())
		if err != nil {
			return err
		}
		if !s.Needless(j.Round, j.Attempt) {
			events = append(events, failed(j, why, k.Desk.now()))
		}
	}
	return k.record(ctx, events)
}

func (k *Keeper) record(ctx context.Context, events []rooms.Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := k.Desk.Log.Record(ctx, events...); err != nil {
		return fmt.Errorf("control: record what is given up: %w", err)
	}
	return nil
}

func failed(j rooms.Job, why rooms.Reason, now time.Time) rooms.Event {
	e := rooms.Event{
		Kind: rooms.EventFailed, Room: j.Room, UMID: j.UMID, At: now, N: j.N, Attempt: j.Attempt, Round: j.Round, Channel: j.Channel, Reason: why,
	}
	if id, err := rooms.ParseSubscriberID(j.Owner); err == nil {
		e.Owner = id
	}
	return e
}

// endRetries gives up the deliveries of a cancelled message that wait for their next attempt, or were postponed.
func (k *Keeper) endRetries(ctx context.Context, c rooms.Control) error {
	if err := k.Desk.Index.Wait(ctx); err != nil {
		return err
	}
	m, err := k.Desk.Index.Standing(c.UMID)
	if err != nil || m.Errored+m.Queued == 0 {
		return nil // it is not known any more, or has none
	}
	for from := 0; from >= 0; {
		page, next, err := k.Desk.Index.Deliveries(c.UMID, from, deliveryPage)
		if err != nil {
			return err
		}
		if err := k.endSome(ctx, c, page); err != nil {
			return err
		}
		from = next
	}
	return nil
}

// endSome records first and takes the retries away then: one that comes all the same finds what is recorded.
func (k *Keeper) endSome(ctx context.Context, c rooms.Control, page []Delivery) error {
	waiting := map[int]Delivery{}
	var wanted []stream.Retry
	for _, d := range page {
		r := stream.Retry{DeliveryID: rooms.DeliveryID{UMID: c.UMID, N: d.N}, Round: d.Round, Attempt: d.Attempt}
		switch {
		case d.Undecided(): // what ends it at its deadline has its number
		case d.Status == rooms.Errored:
			r.Attempt++
		case d.Status != rooms.Queued || d.RetryAt.IsZero(): // a postponed attempt keeps its number
			continue
		}
		waiting[d.N] = d
		wanted = append(wanted, r)
	}
	if len(wanted) == 0 {
		return nil
	}
	found, err := k.Desk.Log.Retries(ctx, wanted)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(r stream.Retry) bool { return r.Due.Before(k.Desk.now().Add(soon)) })
	var events []rooms.Event
	for _, r := range found {
		d := waiting[r.N]
		events = append(events, rooms.Event{
			Kind: rooms.EventFailed, Room: c.Room, UMID: c.UMID, At: k.Desk.now(), N: r.N, Attempt: d.Attempt, Round: r.Round,
			Channel: d.Channel, Reason: c.Why(),
		})
	}
	if err := k.record(ctx, events); err != nil {
		return err
	}
	for _, r := range found {
		if err := k.Desk.Log.DropRetry(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// tidy records a decision whose record was interrupted, or forgets one of long ago.
func (k *Keeper) tidy(ctx context.Context, c rooms.Control) error {
	m, err := k.Desk.Index.Standing(c.UMID)
	switch {
	case k.Desk.now().Sub(c.At) > k.Keep && past(m, c, err):
		return k.forget(ctx, c)
	case err != nil:
		return nil // it is not known yet
	}
	return k.Desk.repair(ctx, m, c)
}

// forget drops a decision of long ago. An index that is begun anew may not know its message yet, or not all of it; so it
// has to say that the message is done with when it is whole.
func (k *Keeper) forget(ctx context.Context, c rooms.Control) error {
	if err := k.Whole(ctx); err != nil {
		return nil // next time
	}
	if m, err := k.Desk.Index.Standing(c.UMID); !past(m, c, err) {
		return nil
	}
	delete(k.done, c.UMID)
	return k.Desk.Controls.Drop(ctx, c)
}

// past says that a decision has no effect any more, by what the index has answered.
func past(m Standing, c rooms.Control, err error) bool {
	return errors.Is(err, ErrUnknown) || err == nil && m.Finished && m.Control.Entry >= c.Entry
}
