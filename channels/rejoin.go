package channels

import (
	"context"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// The pauses between two tries to find the deliveries of parked receipts.
const (
	rejoinSoon = 200 * time.Millisecond
	rejoinMin  = time.Second
	rejoinMax  = 5 * time.Minute
	rejoinFail = 30 * time.Second // at most, while they cannot be looked at
	rejoinPeek = 3 * time.Second  // until it is seen that another node has parked one
	rejoinBusy = 3 * time.Second  // at most, by rejoinRest, while some are matched
	rejoinPart = 500              // receipts that are read at once
	rejoinRest = 10               // how much longer it rests than it has worked
)

// rejoiner tries again and again to find the deliveries of receipts that are parked. One node is enough; two at once record
// the same under the same identities.
type rejoiner struct {
	shelf     receiptShelf
	confirmed Confirmed
	history   History
	take      func(ctx context.Context, provider string, rc Receipt) error
	log       *slog.Logger
	unmatched *metrics.Counter // how many there are now
	fresh     chan struct{}    // has a token when one was parked

	seen    uint64 // position of the last that was looked at
	matched int    // how many the last pass was done with
}

func newRejoiner(b *Bridge) *rejoiner {
	return &rejoiner{
		shelf: b.deps.Log, confirmed: b.deps.Confirmed, history: b.deps.History, log: b.deps.Logger, fresh: make(chan struct{}, 1),
		unmatched: b.deps.Metrics.GetOrCreateCounter(`crier_channel_receipts_unmatched`),
		take: func(ctx context.Context, provider string, rc Receipt) error {
			return b.receiver(provider).take(ctx, rc)
		},
	}
}

// parked says that there is one more.
func (r *rejoiner) parked() {
	select {
	case r.fresh <- struct{}{}:
	default:
	}
}

// run tries until ctx ends, with growing pauses while none is added.
func (r *rejoiner) run(ctx context.Context) error {
	wait, left := rejoinMin, 0
	for ctx.Err() == nil {
		began := time.Now()
		now, err := r.pass(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("parked receipts were not looked at; this is tried again", "error", err)
		}
		if now > left && wait >= rejoinMax/2 {
			r.log.Warn("receipts match no message that was sent", "receipts", now)
			left = now
		}
		left = min(left, now)
		rest := rejoinRest * time.Since(began)
		if r.matched > 0 {
			rest = min(rest, rejoinBusy)
		}
		longest := rejoinMax
		if err != nil {
			longest = rejoinFail
		}
		if r.rest(ctx, max(wait, rest)) {
			sleep(ctx, max(rejoinSoon, rest/2))
			wait = rejoinMin
		} else {
			wait = min(2*wait, longest)
		}
	}
	return ctx.Err()
}

// rest waits for a while, or until one more is parked, here or by another node.
func (r *rejoiner) rest(ctx context.Context, d time.Duration) (more bool) {
	over := time.NewTimer(d)
	defer over.Stop()
	peek := time.NewTicker(rejoinPeek)
	defer peek.Stop()
	for {
		select {
		case <-r.fresh:
			return true
		case <-over.C:
			return false
		case <-ctx.Done():
			return false
		case <-peek.C:
		}
		if some, _, err := r.shelf.ParkedReceipts(ctx, r.seen+1, 1); err == nil && len(some) > 0 {
			return true
		}
	}
}

// gathered are the parts of a text of which it is known that they have arrived.
type gathered struct {
	parts map[int]uint64 // by part: the position of its receipt
	of    int
	last  Receipt
	from  string
}

// pass tries each once, and gives how many match nothing.
func (r *rejoiner) pass(ctx context.Context) (unmatched int, err error) {
	texts := map[rooms.AttemptID]*gathered{}
	r.matched = 0
	for from, wait := uint64(1), true; from > 0; {
		some, upTo, err := r.shelf.ParkedReceipts(ctx, from, rejoinPart)
		if err != nil {
			return unmatched, err
		}
		for _, p := range some {
			known, err := r.try(ctx, p, wait, texts)
			if err != nil {
				return unmatched, err
			}
			wait = false // the first has waited for all
			if !known {
				unmatched++
			}
		}
		from = 0
		if upTo > 0 {
			from, r.seen = upTo+1, upTo
		}
	}
	r.unmatched.Set(uint64(unmatched)) //nolint:gosec // a count
	for _, t := range texts {
		if err := r.settle(ctx, t); err != nil {
			return unmatched, err
		}
	}
	return unmatched, nil
}

// settle records that a text has arrived, if all of it has. Of one whose parts stay out it is asked after a while whether it
// has failed: then those that are here are of no use.
func (r *rejoiner) settle(ctx context.Context, t *gathered) error {
	if len(t.parts) == t.of {
		if err := r.take(ctx, t.from, t.last); err != nil {
			return err
		}
		return r.drop(ctx, t)
	}
	if time.Since(t.last.At) < rejoinMax {
		return nil
	}
	s, err := r.history.State(ctx, t.last.ID)
	if err == nil && s.Terminal() {
		err = r.drop(ctx, t)
	}
	return err
}

// try looks for the delivery of one, and records it, or gathers it with the other parts of its text.
func (r *rejoiner) try(ctx context.Context, p rooms.ParkedReceipt, wait bool, texts map[rooms.AttemptID]*gathered) (known bool, err error) {
	c, ok, err := r.confirmed.Sent(ctx, p.Provider, p.ProviderID, wait)
	if err == nil && !ok {
		c, ok, err = otherwise(ctx, r.confirmed, r.history, p)
	}
	if err != nil || !ok || !p.Of(c) {
		return false, err
	}
	rc := named(Receipt{ProviderID: p.ProviderID, Channel: p.Channel, Status: p.Status, Reason: p.Reason, Code: p.Code, At: p.At}, c)
	if c.Parts == 1 || p.Status == rooms.Failed {
		if err := r.take(ctx, p.Provider, rc); err != nil {
			return true, err
		}
		r.matched++
		return true, r.shelf.DropReceipt(ctx, p.Sequence)
	}
	t := texts[c.AttemptID]
	if t == nil {
		t = &gathered{parts: map[int]uint64{}, of: c.Parts, last: rc, from: p.Provider}
		texts[c.AttemptID] = t
	}
	t.parts[c.Part] = p.Sequence
	if rc.At.After(t.last.At) {
		t.last = rc
	}
	return true, nil
}

func (r *rejoiner) drop(ctx context.Context, t *gathered) error {
	for _, sequence := range t.parts {
		r.matched++
		if err := r.shelf.DropReceipt(ctx, sequence); err != nil {
			return err
		}
	}
	return nil
}
