package channels

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// chatty sends receipts when told.
type chatty struct {
	notebook
	receipts chan Receipt
}

func (c *chatty) Receipts(ctx context.Context, fn func(context.Context, Receipt) error) error {
	for {
		select {
		case r := <-c.receipts:
			if err := fn(ctx, r); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// twoChannels runs a bridge with a provider of each channel under rules.
func (r *rig) twoChannels(rules rooms.PolicyRules, mail, text Provider) {
	d := r.deps(nil)
	d.Policies = ruled{rooms.Policy{Retry: []time.Duration{time.Second}, PolicyRules: rules}}
	d.Providers = map[rooms.Channel][]Configured{
		rooms.Email: {{Named: Named{"mail", mail}}}, rooms.SMS: {{Named: Named{"text", text}}},
	}
	r.start(New(Options{}, d))
}

func (r *rig) start(b *Bridge) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := b.Run(ctx); err != nil {
			r.Errorf("the bridge: %v", err)
		}
	})
	r.Cleanup(func() { cancel(); done.Wait() })
}

// byBoth gives the person of a job a telephone too.
func (r *rig) byBoth(j *rooms.Job) {
	plain, err := r.vault.Unseal(j.Contact, "contact", string(j.Room), j.Owner)
	if err != nil {
		r.Fatal(err)
	}
	c, err := rooms.DecodeContact(plain)
	if err != nil {
		r.Fatal(err)
	}
	phone, err := rooms.ParsePhone(fmt.Sprintf("+9965550%05d", j.N))
	if err != nil {
		r.Fatal(err)
	}
	c.Others = []rooms.Endpoint{{Channel: rooms.SMS, Address: phone}}
	j.Contact = r.seal(c.Encode(), "contact", string(j.Room), j.Owner)
}

func receipted(context.Context, rooms.Delivery) Outcome {
	return Outcome{Result: Sent, Receipt: true}
}

func fallbackAfter(d time.Duration) rooms.PolicyRules {
	return rooms.PolicyRules{Fallback: []rooms.Fallback{{From: rooms.Email, After: d, To: rooms.SMS}}}
}

// Who is not reached by e-mail is reached by telephone: at once if that has failed, else when its time is over; and who
// has got it by then is left alone.
func TestSecondChannelTakesOver(t *testing.T) {
	r := newRig(t)
	mail := &chatty{receipts: make(chan Receipt)}
	mail.answer = func(_ context.Context, d rooms.Delivery) Outcome {
		switch d.ID.N {
		case 0:
			return Outcome{Result: Rejected, Reason: rooms.Rejected}
		case 3:
			return Outcome{Result: Deferred, Reason: rooms.Unreachable}
		}
		return receipted(t.Context(), d)
	}
	text := &notebook{}
	umid := r.publish(rooms.Normal, true, rooms.Email, 4, r.byBoth)
	id := func(n int) rooms.DeliveryID { return rooms.DeliveryID{UMID: umid, N: n} }
	r.twoChannels(fallbackAfter(4*time.Second), mail, text)
	r.eventually("sent", r.happened(id(1), "sent 1"))
	mail.receipts <- Receipt{ID: id(1), Room: "newborn", Channel: rooms.Email, Attempt: 1, Status: rooms.Delivered, At: time.Now().UTC()}
	r.eventually("failed for good", r.happened(id(0), "errored 1 rejected, sent 2"))
	r.eventually("no receipt", r.happened(id(2), "sent 1, sent 2"))
	r.eventually("did not come through", func() error {
		events := r.history.events(id(3))
		if last := events[len(events)-1]; last.Kind != rooms.EventSent || last.Channel != rooms.SMS {
			return fmt.Errorf("last %s by %s", last.Kind, last.Channel)
		}
		return nil
	})
	r.eventually("nothing waits", func() error {
		parked, err := r.log.Parked(t.Context())
		if err == nil && parked > 0 {
			err = fmt.Errorf("%d wait", parked)
		}
		return err
	})
	r.eventually("queue", r.empty(rooms.Normal))
	if err := r.happened(id(1), "sent 1, delivered 1")(); err != nil {
		t.Error(err)
	}
	if times := text.times(); times[id(0)] != 1 || times[id(1)] != 0 || times[id(2)] != 1 || times[id(3)] != 1 {
		t.Errorf("by telephone: %v", times)
	}
	for _, d := range text.read() {
		if d.To.Channel != rooms.SMS || d.To.Address.Reveal() != fmt.Sprintf("+9965550%05d", d.ID.N) {
			t.Errorf("delivery %d went elsewhere", d.ID.N)
		}
	}
}

// A bounce does not wait for the time that was left to the first channel.
func TestBounceMovesAtOnce(t *testing.T) {
	r := newRig(t)
	mail, text := &chatty{receipts: make(chan Receipt)}, &notebook{}
	mail.answer = receipted
	umid := r.publish(rooms.Normal, true, rooms.Email, 2, func(j *rooms.Job) {
		j.Deadline = time.Now().Add(2 * time.Hour)
		if j.N == 0 {
			r.byBoth(j)
		}
	})
	r.twoChannels(fallbackAfter(time.Hour), mail, text)
	for n, want := range []string{"sent 1, errored 1 bounced, sent 2", "sent 1, failed 1 bounced"} {
		id := rooms.DeliveryID{UMID: umid, N: n}
		r.eventually("sent", r.happened(id, "sent 1"))
		mail.receipts <- Receipt{ID: id, Room: "newborn", Channel: rooms.Email, Attempt: 1, Status: rooms.Failed, At: time.Now().UTC()}
		r.eventually("bounced", r.happened(id, want))
	}
	late := rooms.DeliveryID{UMID: umid}
	mail.receipts <- Receipt{ID: late, Room: "newborn", Channel: rooms.Email, Attempt: 1, Status: rooms.Delivered, At: time.Now().UTC()}
	r.eventually("it came after all", r.happened(late, "sent 1, errored 1 bounced, sent 2, delivered 1"))
}

// counted counts from the events, as the index does.
type counted struct{ *history }

func (counted) Person(_ rooms.Room, c rooms.Contact) rooms.SubscriberID {
	return rooms.SubscriberID("person-" + c.Address.Reveal()[:7])
}

func (c counted) Reached(ctx context.Context, id rooms.SubscriberID, since time.Time) (map[rooms.UMID]time.Time, error) {
	if _, err := c.State(ctx, rooms.DeliveryID{}); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[rooms.UMID]time.Time{}
	for _, events := range c.seen {
		for _, e := range events {
			if e.Owner == id && e.Kind == rooms.EventSent && !e.At.Before(since) {
				found[e.UMID] = e.At
			}
		}
	}
	return found, nil
}

// Of five messages at once one person gets two; the others come as soon as there is room, two by two, and each is sent
// once, although it was postponed more than once within the time in which the queue knows a job again.
func TestFrequencyHolds(t *testing.T) {
	r := newRig(t)
	const per = 2 * time.Second
	d := r.deps(nil)
	d.Policies = ruled{rooms.Policy{Retry: []time.Duration{time.Second}, PolicyRules: rooms.PolicyRules{Cap: rooms.Frequency{Messages: 2, Per: per}}}}
	var mu sync.Mutex
	var left []time.Time
	d.Providers = map[rooms.Channel][]Configured{rooms.Email: {{Named: Named{"mail", send(func(context.Context, rooms.Delivery) Outcome {
		mu.Lock()
		defer mu.Unlock()
		left = append(left, time.Now())
		return Outcome{Result: Sent}
	})}}}}
	d.Frequencies = counted{r.history}
	var umids []rooms.UMID
	for range 5 {
		umids = append(umids, r.publish(rooms.Normal, true, rooms.Email, 1))
	}
	r.start(New(Options{}, d))
	for _, u := range umids {
		r.eventually("sent", func() error {
			events := r.history.events(rooms.DeliveryID{UMID: u})
			if len(events) == 0 || events[len(events)-1].Kind != rooms.EventSent {
				return fmt.Errorf("%d events", len(events))
			}
			return nil
		})
	}
	r.eventually("queue", r.empty(rooms.Normal))
	mu.Lock()
	defer mu.Unlock()
	if len(left) != 5 {
		t.Fatalf("%d were sent, want 5", len(left))
	}
	for i := range 3 {
		if gap := left[i+2].Sub(left[i]); gap < per-50*time.Millisecond {
			t.Errorf("three within %s", gap)
		}
	}
}

// Nodes that work side by side let through what the policy allows, and at most one message more for each further node.
func TestFrequencyOfTwoNodes(t *testing.T) {
	r := newRig(t)
	const allowed, nodes = 3, 2
	p := &notebook{}
	var umids []rooms.UMID
	for range 20 {
		umids = append(umids, r.publish(rooms.Normal, true, rooms.Email, 1, func(j *rooms.Job) { j.Deadline = time.Now().Add(3 * time.Hour) }))
	}
	for range nodes {
		d := r.deps(p)
		d.Policies = under(rooms.PolicyRules{Cap: rooms.Frequency{Messages: allowed, Per: time.Hour}})
		d.Frequencies = counted{r.history}
		r.start(New(Options{}, d))
	}
	for _, u := range umids {
		r.eventually("sent or put off", func() error {
			events := r.history.events(rooms.DeliveryID{UMID: u})
			if len(events) == 0 {
				return fmt.Errorf("nothing has happened")
			}
			return nil
		})
	}
	r.eventually("queue", r.empty(rooms.Normal))
	if n := len(p.read()); n < allowed || n > allowed+nodes-1 {
		t.Errorf("%d were sent, want %d to %d", n, allowed, allowed+nodes-1)
	}
}

// The node died when a job was parked, and before it was gone from its queue: both are there, and one is sent.
func TestPostponedAndStillThere(t *testing.T) {
	r := newRig(t)
	var jobs []rooms.Job
	umid := r.publish(rooms.Normal, true, rooms.Email, 3, func(j *rooms.Job) { jobs = append(jobs, *j) })
	for i, j := range jobs {
		j.Due = time.Now().Add(time.Duration(i+1) * 2 * time.Second).UTC()
		if err := r.log.Park(t.Context(), j, j.Due); err != nil {
			t.Fatal(err)
		}
		e := postpone(jobs[i], rooms.Quiet, time.Now().UTC(), j.Due).event
		if err := r.log.Record(t.Context(), e, e); err != nil {
			t.Fatal(err)
		}
	}
	r.down()
	r.up()
	p := &notebook{}
	r.run(Options{}, p)
	for n := range 3 {
		r.eventually("sent", r.happened(rooms.DeliveryID{UMID: umid, N: n}, "postponed 1 quiet-hours, sent 1"))
	}
	r.eventually("nothing waits", func() error {
		parked, err := r.log.Parked(t.Context())
		if err == nil && parked > 0 {
			err = fmt.Errorf("%d wait", parked)
		}
		return err
	})
	r.eventually("queue", r.empty(rooms.Normal))
	if times := p.times(); len(times) != 3 || len(p.read()) != 3 {
		t.Errorf("sent %v", times)
	}
}
