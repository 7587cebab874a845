package channels

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestDeliveriesAreSentRecordedAndSettled(t *testing.T) {
	r := newRig(t)
	mail := r.publish(rooms.Normal, true, rooms.Email, 30)
	text := r.publish(rooms.Bulk, false, rooms.SMS, 30)
	p := &notebook{}
	r.run(Options{}, p)
	for n := range 30 {
		r.eventually("e-mail", r.happened(rooms.DeliveryID{UMID: mail, N: n}, "sent 1"))
		r.eventually("SMS", r.happened(rooms.DeliveryID{UMID: text, N: n}, "sent 1"))
	}
	r.eventually("normal", r.empty(rooms.Normal))
	r.eventually("bulk", r.empty(rooms.Bulk))
	if len(p.read()) != 60 {
		t.Errorf("%d sent, want 60", len(p.read()))
	}
	for _, d := range p.read() {
		want := fmt.Sprintf("canary-%d@example.com", d.ID.N)
		if d.ID.UMID == text {
			want = fmt.Sprintf("+9965550%05d", d.ID.N)
		}
		if d.To.Address.Reveal() != want || d.Content.Subject.Reveal() != "Canary subject" || d.Room != "newborn" || d.Type != "reminder" || d.ReceivedAt.IsZero() || d.Deadline.IsZero() {
			t.Fatalf("delivery %d of %s went to another person, or with other words", d.ID.N, d.ID.UMID)
		}
	}
	e := r.history.events(rooms.DeliveryID{UMID: mail, N: 7})[0]
	if e.Provider != "test" || e.ProviderID != "id-7" || e.Channel != rooms.Email || e.Room != "newborn" {
		t.Errorf("event %+v", e)
	}
	var out strings.Builder
	r.metrics.WritePrometheus(&out)
	for _, want := range []string{`crier_channel_attempts_total{channel="email",provider="test",result="sent"} 30`,
		`crier_channel_in_flight{lane="bulk",channel="sms"} 0`, `crier_channel_send_duration_seconds_count{channel="sms",provider="test"} 30`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("metrics lack %s:\n%s", want, out.String())
		}
	}
}

func TestRetriesComeBackAndCount(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 3)
	p := &notebook{answer: func(_ context.Context, d rooms.Delivery) Outcome {
		if d.Attempt <= d.ID.N {
			return Outcome{Result: Deferred, Reason: rooms.Unreachable}
		}
		return Outcome{Result: Sent}
	}}
	r.run(Options{}, p)
	for n, want := range []string{"sent 1", "errored 1 unreachable, sent 2", "errored 1 unreachable, errored 2 unreachable, sent 3"} {
		r.eventually("retries", r.happened(rooms.DeliveryID{UMID: umid, N: n}, want))
	}
	r.eventually("queue", r.empty(rooms.Normal))
	if parked, err := r.log.Parked(t.Context()); err != nil || parked != 0 {
		t.Errorf("%d still parked, %v", parked, err)
	}
	if e := r.history.events(rooms.DeliveryID{UMID: umid, N: 1})[0]; !e.RetryAt.After(e.At) {
		t.Errorf("the event says that the next attempt is at %s", e.RetryAt)
	}
}

func TestThrottledComesBackUncounted(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 1)
	var tries atomic.Int32
	r.run(Options{}, &notebook{answer: func(context.Context, rooms.Delivery) Outcome {
		if tries.Add(1) < 4 {
			return Outcome{Result: Throttled, After: 20 * time.Millisecond}
		}
		return Outcome{Result: Sent}
	}})
	r.eventually("throttled", r.happened(rooms.DeliveryID{UMID: umid}, "sent 1"))
}

// The node died after these events were durable, and before their jobs were gone.
func TestNothingSettledIsSentAgain(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 40)
	var events []rooms.Event
	for n := range 40 {
		kinds := []rooms.Kind{rooms.EventSent, rooms.EventFailed, rooms.EventErrored, rooms.EventDelivered}
		if n%2 == 0 {
			events = append(events, rooms.Event{Kind: kinds[n/2%4], Room: "newborn", UMID: umid, N: n, Attempt: 1, At: time.Now().UTC()})
		}
	}
	if err := r.log.Record(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	r.down()
	r.up()
	p := &notebook{}
	r.run(Options{}, p)
	r.eventually("queue", r.empty(rooms.Normal))
	for n := range 40 {
		if times := p.times()[rooms.DeliveryID{UMID: umid, N: n}]; times != n%2 {
			t.Errorf("delivery %d was sent %d times, want %d", n, times, n%2)
		}
	}
	if skipped := r.metrics.GetOrCreateCounter(`crier_channel_skipped_total{channel="email"}`).Get(); skipped != 20 {
		t.Errorf("%d counted as skipped, want 20", skipped)
	}
}

func TestEmergencyLeavesNextBehindFullBulk(t *testing.T) {
	r := newRig(t)
	r.publish(rooms.Bulk, false, rooms.SMS, 2000)
	release := make(chan struct{})
	p := &notebook{answer: func(_ context.Context, d rooms.Delivery) Outcome {
		if d.Lane == rooms.Bulk {
			<-release
		}
		return Outcome{Result: Sent}
	}}
	r.run(Options{Workers: Workers{Bulk: 8}}, p)
	r.eventually("bulk is stuck", p.has(8))
	umid := r.publish(rooms.Emergency, false, rooms.SMS, 3)
	for n := range 3 {
		r.eventually("emergency", r.happened(rooms.DeliveryID{UMID: umid, N: n}, "sent 1"))
	}
	for i, d := range p.read() {
		if (d.Lane == rooms.Emergency) != (i >= 8) {
			t.Errorf("delivery %d in order was %s", i, d.Lane)
		}
	}
	close(release)
}

func TestExpiredIsFailedUnsent(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 2, func(j *rooms.Job) {
		if j.N == 0 {
			j.Deadline = time.Now().Add(-time.Second).UTC()
		}
	})
	p := &notebook{}
	r.run(Options{}, p)
	r.eventually("expired", r.happened(rooms.DeliveryID{UMID: umid, N: 0}, "failed 1 expired"))
	r.eventually("the other", r.happened(rooms.DeliveryID{UMID: umid, N: 1}, "sent 1"))
	r.eventually("queue", r.empty(rooms.Normal))
	if p.times()[rooms.DeliveryID{UMID: umid, N: 0}] != 0 {
		t.Error("the expired one was sent")
	}
}

func TestNoFurtherAttemptFits(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 1, func(j *rooms.Job) { j.Deadline = time.Now().Add(1500 * time.Millisecond).UTC() })
	r.run(Options{}, &notebook{answer: func(context.Context, rooms.Delivery) Outcome { return Outcome{Result: Deferred, Code: "451 4.7.1"} }})
	id := rooms.DeliveryID{UMID: umid}
	r.eventually("given up", func() error {
		if got := r.history.of(id); !strings.HasSuffix(got, "expired") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	if events := r.history.events(id); events[len(events)-1].Code != "451 4.7.1" {
		t.Errorf("the last word of the provider is lost: %+v", events)
	}
	r.eventually("queue", r.empty(rooms.Normal))
}

func TestErasedContentFails(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 1)
	if err := r.log.Erase(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	r.run(Options{}, &notebook{})
	r.eventually("gone", r.happened(rooms.DeliveryID{UMID: umid}, "failed 1 gone"))
}

func TestChannelWithoutProvider(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 1)
	r.run(Options{}, nil)
	r.eventually("not configured", func() error {
		if got := r.history.of(rooms.DeliveryID{UMID: umid}); !strings.HasPrefix(got, "errored 1 not-configured") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
}

// A platform that has no provider answers as e-mail does: its jobs leave the queue, and whoever has another channel is reached there.
func TestPlatformWithoutProvider(t *testing.T) {
	r := newRig(t)
	chat := r.publish(rooms.Normal, true, rooms.Telegram, 1, r.byBoth)
	alone := r.publish(rooms.Bulk, true, rooms.WhatsApp, 1)
	text := &notebook{}
	r.twoChannels(rooms.PolicyRules{Fallback: []rooms.Fallback{{From: rooms.Telegram, After: time.Second, To: rooms.SMS}}}, &notebook{}, text)
	r.eventually("not configured", func() error {
		if got := r.history.of(rooms.DeliveryID{UMID: alone}); !strings.HasPrefix(got, "errored 1 not-configured") {
			return fmt.Errorf("%q", got)
		}
		return nil
	})
	r.eventually("falls back", r.happened(rooms.DeliveryID{UMID: chat}, "errored 1 not-configured, sent 2"))
	r.eventually("queue", r.empty(rooms.Normal))
	r.eventually("queue of another lane", r.empty(rooms.Bulk))
	if got := text.read(); len(got) != 1 || got[0].To.Channel != rooms.SMS {
		t.Errorf("%d texts", len(got))
	}
}

// A job and its retry may stand in the queue together after a crash between the two.
func TestSameDeliveryTwiceInTheQueueIsSentOnce(t *testing.T) {
	r := newRig(t)
	r.ackWait = 3 * time.Second
	umid := r.publish(rooms.Normal, true, rooms.Email, 2, func(j *rooms.Job) { j.N, j.Attempt = 0, j.N+1 })
	p := &notebook{}
	r.down()
	r.up()
	r.run(Options{}, p)
	r.eventually("both are gone", r.empty(rooms.Normal))
	if got := r.history.of(rooms.DeliveryID{UMID: umid}); got != "sent 1" && got != "sent 2" || len(p.read()) != 1 {
		t.Errorf("%q, sent %d times", got, len(p.read()))
	}
}

func TestDrainFinishesWhatIsInHand(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 20)
	release := make(chan struct{})
	p := &notebook{answer: func(context.Context, rooms.Delivery) Outcome { <-release; return Outcome{Result: Sent} }}
	stop, wait := r.run(Options{Workers: Workers{Normal: 4}}, p)
	r.eventually("in hand", p.has(4))
	stop()
	close(release)
	wait()
	if n := len(p.read()); n != 4 {
		t.Errorf("%d were sent, want the 4 in hand only", n)
	}
	for _, d := range p.read() {
		r.eventually("recorded", r.happened(d.ID, "sent 1"))
	}
	again := &notebook{}
	r.run(Options{}, again)
	r.eventually("the rest", again.has(16))
	for id, n := range again.times() {
		if id.UMID != umid || n != 1 || p.times()[id] != 0 {
			t.Errorf("delivery %d was sent again", id.N)
		}
	}
}

func TestDrainTimeoutCancelsAndHandsBack(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, true, rooms.Email, 1)
	p := &notebook{answer: func(ctx context.Context, _ rooms.Delivery) Outcome {
		<-ctx.Done()
		return Outcome{Result: Deferred, Reason: rooms.TimedOut}
	}}
	stop, wait := r.run(Options{DrainTimeout: 20 * time.Millisecond}, p)
	r.eventually("in hand", p.has(1))
	stop()
	wait()
	r.run(Options{}, &notebook{})
	r.eventually("another bridge sends it at once", r.happened(rooms.DeliveryID{UMID: umid}, "sent 1"))
}

// receiptist is a provider that hears from its deliveries at once.
type receiptist struct {
	notebook
	heard chan Receipt
}

func (p *receiptist) Send(ctx context.Context, d rooms.Delivery) Outcome {
	p.notebook.Send(ctx, d)
	rc := Receipt{ID: d.ID, Room: d.Room, Channel: d.To.Channel, Attempt: d.Attempt, Status: rooms.Delivered, At: time.Now()}
	if d.ID.N == 1 {
		rc.Status, rc.Code = rooms.Failed, "5.1.1"
	}
	p.heard <- rc
	return Outcome{Result: Sent, Receipt: true}
}

func (p *receiptist) Receipts(ctx context.Context, fn func(context.Context, Receipt) error) error {
	for {
		select {
		case rc := <-p.heard:
			if fn(ctx, rc) != nil {
				p.heard <- rc
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestReceiptsAreRecorded(t *testing.T) {
	r := newRig(t)
	umid := r.publish(rooms.Normal, false, rooms.SMS, 2)
	r.run(Options{}, &receiptist{heard: make(chan Receipt, 10)})
	for n, want := range []rooms.State{{Status: rooms.Delivered}, {Status: rooms.Failed, Reason: rooms.Bounced}} {
		r.eventually("receipt", func() error {
			r.history.mu.Lock()
			defer r.history.mu.Unlock()
			got := r.history.state[rooms.DeliveryID{UMID: umid, N: n}]
			if got.Status != want.Status || got.Reason != want.Reason || len(r.history.seen[rooms.DeliveryID{UMID: umid, N: n}]) != 2 {
				return fmt.Errorf("state %+v, want %+v", got, want)
			}
			return nil
		})
	}
}
