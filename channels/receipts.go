package channels

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
)

// receiver records what a provider hears later.
type receiver struct {
	named   Named
	journal journal
	learner SuppressionLearner // may be nil
	log     *slog.Logger
}

// run listens until ctx ends, and begins again, with growing waits, when the provider fails.
func (r receiver) run(ctx context.Context) {
	source, ok := r.named.Provider.(Receipts)
	for wait := time.Second; ok && ctx.Err() == nil; wait = min(2*wait, time.Minute) {
		began := time.Now()
		err := r.listen(ctx, source)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		r.log.Warn("receipts interrupted", "provider", r.named.Name, "wait", wait, "error", err)
		sleep(ctx, wait)
	}
}

// listen turns a panic into an error, saying its type only.
func (r receiver) listen(ctx context.Context, source Receipts) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("channels: reading receipts panicked: %T", p)
		}
	}()
	return source.Receipts(ctx, r.take)
}

// take makes a receipt durable. One that says neither delivered nor failed is logged and
// done with, for the provider would only offer it again.
func (r receiver) take(ctx context.Context, rc Receipt) error {
	e := rooms.Event{
		Room: rc.Room, UMID: rc.ID.UMID, At: rc.At, N: rc.ID.N, Attempt: rc.Attempt,
		Channel: rc.Channel, Provider: r.named.Name, Code: rc.Code,
	}
	switch rc.Status {
	case rooms.Delivered:
		e.Kind = rooms.EventDelivered
		if r.learner != nil {
			if err := r.learner.Delivered(ctx, deliveryName(rc.ID)); err != nil {
				return err
			}
		}
	case rooms.Failed:
		e.Kind, e.Reason = rooms.EventFailed, cmp.Or(rc.Reason, rooms.Bounced)
	default:
		r.log.Error("receipt without a last word", "provider", r.named.Name, "umid", rc.ID.UMID, "n", rc.ID.N, "status", rc.Status)
		return nil
	}
	if err := r.journal.Record(ctx, e); err != nil {
		return err
	}
	r.log.Debug("receipt", "umid", rc.ID.UMID, "n", rc.ID.N, "attempt", rc.Attempt, "provider", r.named.Name, "kind", e.Kind, "reason", e.Reason)
	return nil
}
