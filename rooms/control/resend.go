package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	// maxResend is how many deliveries one call tries anew, so that it comes to an end in time.
	maxResend = 10_000
	// resendBatch is how many are stored together.
	resendBatch = 900
	// deliveryPage is how many deliveries are read at once.
	deliveryPage = 1000
)

// Resent is what a call has begun.
type Resent struct {
	Requeued int // deliveries that are tried anew
	Left     int // deliveries for a further call
	Unknown  int // deliveries of people who have left, or of whom it is not known who they were
}

// Resend tries anew what has failed and can be helped, as far as it is picked out. Two calls at once begin the same round.
func (d *Desk) Resend(ctx context.Context, u rooms.UMID, by rooms.Client, f rooms.FailedFilter) (Resent, error) {
	if err := d.Index.Wait(ctx); err != nil {
		return Resent{}, err
	}
	m, err := d.Index.Standing(u)
	if err != nil {
		return Resent{}, err
	}
	stored, err := d.Controls.Read(ctx, u)
	if err != nil {
		return Resent{}, err
	}
	if Latest(m.Control, stored).State == rooms.ControlCancelled {
		return Resent{}, ErrCancelled
	}
	if m.Helpable == 0 {
		return Resent{}, d.spent(m)
	}
	if m.Erased {
		return Resent{}, ErrGone
	}
	message, err := d.Log.Message(ctx, m.Sequence)
	switch {
	case errors.Is(err, stream.ErrGone), err == nil && message.UMID != u:
		return Resent{}, ErrGone
	case err != nil:
		return Resent{}, err
	}
	return d.resend(ctx, m, message, by, f)
}

// spent says of a message of which nothing can be tried anew whether that was done as often as may be.
func (d *Desk) spent(m Standing) error {
	if m.Wrong == 0 && m.Errored == 0 {
		return nil
	}
	for from := 0; from >= 0; {
		page, next, err := d.Index.Deliveries(m.UMID, from, deliveryPage)
		if err != nil {
			return err
		}
		for _, f := range page {
			if f.Round = 0; f.Helpable() && !f.Dropped {
				return ErrRounds
			}
		}
		from = next
	}
	return nil
}

func (d *Desk) resend(ctx context.Context, m Standing, message rooms.Message, by rooms.Client, f rooms.FailedFilter) (Resent, error) {
	wanted, left, err := d.some(m.UMID, func(one Delivery) bool {
		return one.Helpable() && !one.Dropped && f.Delivery(one.N, one.Channel, one.State)
	})
	if err != nil || len(wanted) == 0 {
		return Resent{}, err
	}
	p, err := d.Policies.Policy(ctx, m.Policy)
	if err != nil {
		return Resent{}, err
	}
	a := again{Desk: d, message: message, by: by, deadline: p.Deadline(d.now())}
	if err := a.find(ctx, wanted); err != nil {
		return Resent{}, err
	}
	done := Resent{Left: left}
	for part := range slices.Chunk(wanted, resendBatch) {
		n, err := a.requeue(ctx, part)
		if err != nil {
			return done, err
		}
		done.Requeued, done.Unknown = done.Requeued+n, done.Unknown+len(part)-n
	}
	if err := d.Index.Wait(ctx); err != nil { // who asks how it stands sees it
		return done, err
	}
	undecided := 0
	for _, f := range wanted {
		if f.Undecided() {
			undecided++
		}
	}
	return done, d.countAgain(ctx, m.UMID, max(m.Wrong-max(done.Requeued-undecided, 0), 0))
}

// some are deliveries that are wanted, as many as one call does, and how many more there are.
func (d *Desk) some(u rooms.UMID, wanted func(Delivery) bool) (all []Delivery, left int, err error) {
	for from := 0; from >= 0; {
		page, next, err := d.Index.Deliveries(u, from, deliveryPage)
		if err != nil {
			return nil, 0, err
		}
		for _, f := range page {
			switch {
			case !wanted(f):
			case len(all) < maxResend:
				all = append(all, f)
			default:
				left++
			}
		}
		from = next
	}
	return all, left, nil
}

// again tries deliveries of a message anew.
type again struct {
	*Desk
	message  rooms.Message
	by       rooms.Client
	deadline time.Time
	named    []rooms.Contact            // of a message to named recipients
	owners   map[int]rooms.SubscriberID // by number of the recipient
	people   map[rooms.SubscriberID]rooms.Subscriber
}

// find learns to whom the deliveries go.
func (a *again) find(ctx context.Context, wanted []Delivery) error {
	m := a.message
	if m.Direct {
		plain, err := a.Vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
		if err != nil {
			return fmt.Errorf("control: open a message: %w", err)
		}
		e, err := rooms.DecodeEnvelope(plain)
		if err != nil {
			return fmt.Errorf("control: open a message: %w", err)
		}
		a.named = e.Recipients
		return nil
	}
	if err := a.findOwners(ctx, wanted); err != nil {
		return err
	}
	return a.findPeople(ctx)
}

// findOwners reads in the events whose deliveries failed, those that the index names first. Of one that a provider took and
// that came back later, the event that says so does not know; the one that it was sent does. Of one that is undecided, the
// event that it errored does. So for what is missing then, the events of the room are gone through.
func (a *again) findOwners(ctx context.Context, wanted []Delivery) error {
	a.owners = make(map[int]rooms.SubscriberID, len(wanted))
	missing, err := a.namedOwners(ctx, wanted)
	if err != nil {
		return err
	}
	for _, kind := range []rooms.Kind{rooms.EventFailed, rooms.EventSent, rooms.EventErrored} {
		if missing == 0 {
			break
		}
		err := a.Log.ScanEvents(ctx, a.message.Room, kind, a.message.ReceivedAt, func(e rooms.Event) {
			if known, ok := a.owners[e.N]; e.UMID == a.message.UMID && ok && e.Owner != "" {
				if known == "" {
					missing--
				}
				a.owners[e.N] = e.Owner
			}
		})
		if err != nil {
			return fmt.Errorf("control: read what has failed: %w", err)
		}
	}
	return nil
}

// namedOwners reads the events that the index names, and says of how many deliveries they do not tell.
func (a *again) namedOwners(ctx context.Context, wanted []Delivery) (missing int, err error) {
	for part := range slices.Chunk(wanted, resendBatch) {
		entries := make([]uint64, len(part))
		for i, w := range part {
			entries[i] = w.Entry
		}
		events, err := a.Log.Events(ctx, entries)
		if err != nil {
			return 0, fmt.Errorf("control: read what has failed: %w", err)
		}
		for i, w := range part {
			a.owners[w.N] = ""
			if e := events[i]; e.UMID == a.message.UMID && e.N == w.N && e.Owner != "" {
				a.owners[w.N] = e.Owner
			} else {
				missing++
			}
		}
	}
	return missing, nil
}

// findPeople reads where those are now who are still there.
func (a *again) findPeople(ctx context.Context) error {
	var ids []rooms.SubscriberID
	for _, id := range a.owners {
		if id != "" {
			ids = append(ids, id)
		}
	}
	a.people = make(map[rooms.SubscriberID]rooms.Subscriber, len(ids))
	for _, find := range []func(context.Context, rooms.Room, []rooms.SubscriberID) ([]rooms.Subscriber, error){a.Log.FindSubscribers, a.Log.FindWebhooks} {
		found, err := find(ctx, a.message.Room, ids)
		if err != nil {
			return fmt.Errorf("control: find subscribers: %w", err)
		}
		for _, s := range found {
			a.people[s.ID] = s
		}
		ids = slices.DeleteFunc(ids, func(id rooms.SubscriberID) bool { _, here := a.people[id]; return here })
	}
	return nil
}

// requeue queues deliveries again, then says so, and gives how many. Who has left is recorded as such.
func (a *again) requeue(ctx context.Context, part []Delivery) (int, error) {
	var jobs []rooms.Job
	var events []rooms.Event
	for _, f := range part {
		e := rooms.Event{
			Kind: rooms.EventRequeued, Room: a.message.Room, UMID: a.message.UMID, At: a.now(), N: f.N, Attempt: 1, Round: f.Round + 1, Channel: f.Channel,
			By: a.by,
		}
		j, here, err := a.job(f)
		switch {
		case err != nil:
			return 0, err
		case here:
			jobs, e.Channel = append(jobs, j), j.Channel
		case a.owners[f.N] == "":
			continue
		default:
			e.Kind, e.Reason, e.By = rooms.EventFailed, rooms.Suppressed, ""
		}
		events = append(events, e)
	}
	if err := a.Log.Requeue(ctx, jobs); err != nil {
		return 0, fmt.Errorf("control: queue again: %w", err)
	}
	if len(events) == 0 {
		return 0, nil
	}
	if err := a.Log.Record(ctx, events...); err != nil {
		return 0, fmt.Errorf("control: record what is tried anew: %w", err)
	}
	return len(jobs), nil
}

// job is the first attempt of the next round; here is false if nobody is there to get it.
func (a *again) job(f Delivery) (j rooms.Job, here bool, err error) {
	h := a.message.Header
	j = rooms.Job{
		UMID: h.UMID, N: f.N, Room: h.Room, Sequence: h.Sequence, Lane: h.Lane, Attempt: 1, Round: f.Round + 1, Since: a.now(),
		Deadline: a.deadline, Policy: h.Policy, Anytime: h.AnyHour(),
	}
	if !h.Direct {
		s, ok := a.people[a.owners[f.N]]
		j.Channel, j.Owner, j.Contact = s.Channel, string(s.ID), s.Contact
		return j, ok, nil
	}
	if f.N >= len(a.named) {
		return j, false, nil
	}
	c := a.named[f.N]
	j.Channel, j.Owner = c.Channel, fmt.Sprintf("%s.%d", h.UMID, f.N)
	if j.Contact, err = a.Vault.Seal(c.Encode(), "contact", string(h.Room), j.Owner); err != nil {
		return j, false, fmt.Errorf("control: seal a contact: %w", err)
	}
	return j, true, nil
}
