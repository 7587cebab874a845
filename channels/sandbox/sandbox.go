package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Sandbox is a provider for every channel, and an http.Handler that shows what it was given.
type Sandbox struct {
	options  Options
	outbox   *outbox
	sink     *sink // nil: kept in the outbox
	receipts *receipts
	inbox    *inbox
	name     string // as which it sends, if it stands in for several providers
	fail     Fail
}

var (
	_ channels.Provider = (*Sandbox)(nil)
	_ channels.Receipts = (*Sandbox)(nil)
)

// throttleWait is what a throttled recipient's delivery is asked to wait.
const throttleWait = 5 * time.Second

// New makes an empty sandbox, or gives every fault of the options.
func New(o Options) (*Sandbox, error) {
	if faults := o.Check(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	o = o.WithDefaults()
	s := &Sandbox{options: o, outbox: &outbox{keep: o.Keep}, receipts: newReceipts(o.Keep, o.Now), inbox: newInbox()}
	if o.URL != "" {
		s.sink = newSink(o.URL)
	}
	return s, nil
}

// As is the same sandbox in the place of another provider: it shows its deliveries on the same page, under that name,
// and has receipts of its own.
func (s *Sandbox) As(name string, f Fail) *Sandbox {
	return &Sandbox{options: s.options, outbox: s.outbox, sink: s.sink, inbox: s.inbox,
		receipts: newReceipts(s.options.Keep, s.options.Now), name: name, fail: f}
}

// Send keeps the delivery or posts it to the sink, unless its recipient says otherwise.
func (s *Sandbox) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(d.To.Channel) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if ctx.Err() != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	switch s.fail {
	case FailAlways:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "sandbox always"}
	case FailTemporarily:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: "sandbox temporarily"}
	}
	f, failures := fateOf(d.To)
	switch f {
	case temporary:
		if failures == 0 || d.Attempt <= failures {
			return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: "sandbox temporary"}
		}
	case permanent:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "sandbox permanent"}
	case timeout:
		<-ctx.Done()
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut, Code: "sandbox timeout"}
	case throttled:
		return channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, After: throttleWait}
	case suppressed:
		return channels.Outcome{Result: channels.Suppressed, Reason: rooms.Suppressed, Code: "sandbox suppressed"}
	}
	return s.deliver(ctx, d, f)
}

// deliver hands over, and promises a receipt where there is one.
func (s *Sandbox) deliver(ctx context.Context, d rooms.Delivery, f fate) channels.Outcome {
	now := s.options.Now()
	it := newItem(d, now)
	it.Provider = s.name
	if o := s.handOver(ctx, it); o.Result != channels.Sent {
		return o
	}
	rc := channels.Receipt{
		ID: d.ID, Room: d.Room, Channel: d.To.Channel, Attempt: d.Attempt, Round: d.Round, Status: rooms.Delivered, At: now,
	}
	expected := true
	switch {
	case f == late:
		rc.At = now.Add(s.options.Late)
	case f == bounced:
		rc.At, rc.Status, rc.Reason, rc.Code = now.Add(s.options.Late), rooms.Failed, rooms.Bounced, "sandbox bounced"
	default:
		expected = s.options.confirms(d.To.Channel)
	}
	if expected {
		s.receipts.promise(rc)
	}
	id := fmt.Sprintf("sandbox-%s-%d", d.ID.UMID, d.ID.N)
	return channels.Outcome{Result: channels.Sent, ProviderID: id, Receipt: expected}
}

func (s *Sandbox) handOver(ctx context.Context, it item) channels.Outcome {
	if s.sink != nil {
		return s.sink.post(ctx, it)
	}
	s.outbox.put(it)
	return channels.Outcome{Result: channels.Sent}
}

// Receipts offers what became of the deliveries sent, each to one of its callers.
func (s *Sandbox) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	return s.receipts.read(ctx, fn)
}
