package channels

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
)

// receiver records what a provider hears later.
type receiver struct {
	provider string
	journal  journal
	history  History
	failures Failures
	learner  SuppressionLearner // may be nil
	log      *slog.Logger
	now      func() time.Time
}

// take makes a receipt durable. One that says neither delivered nor failed is logged and
// done with, for the provider would only offer it again.
func (r receiver) take(ctx context.Context, rc Receipt) error {
	e := rooms.Event{
		Room: rc.Room, UMID: rc.ID.UMID, At: rc.At, N: rc.ID.N, Attempt: rc.Attempt, Round: rc.Round,
		Channel: rc.Channel, Provider: r.provider, Code: rc.Code,
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
		if err := r.returned(ctx, rc); err != nil {
			return err
		}
		moves, err := r.moves(ctx, rc)
		if err != nil {
			return err
		}
		if moves {
			e.Kind, e.RetryAt, e.Rule = rooms.EventErrored, r.now().UTC(), rooms.RuleFallback
			e.Reason, e.Code = rooms.Bounced, cmp.Or(rc.Code, string(rc.Reason))
		}
	default:
		r.log.Error("receipt without a last word", "provider", r.provider, "umid", rc.ID.UMID, "n", rc.ID.N, "status", rc.Status)
		return nil
	}
	if err := r.journal.Record(ctx, e); err != nil {
		return err
	}
	if e.Kind == rooms.EventErrored {
		if err := r.endsAlike(ctx, rc, &e); err != nil {
			return err
		}
	}
	if e.Kind == rooms.EventFailed {
		r.failures.Failed(e.UMID)
	}
	r.log.Debug("receipt", "umid", rc.ID.UMID, "n", rc.ID.N, "attempt", rc.Attempt, "provider", r.provider, "kind", e.Kind, "reason", e.Reason)
	return nil
}

// returned notes an address that does not exist.
func (r receiver) returned(ctx context.Context, rc Receipt) error {
	if r.learner == nil || rc.Reason != rooms.NoMailbox || rc.To.IsZero() {
		return nil
	}
	a := rooms.AttemptID{DeliveryID: rc.ID, Round: rc.Round, Attempt: rc.Attempt}
	return r.learner.Returned(ctx, a, rc.Room, rooms.Endpoint{Channel: rc.Channel, Address: rc.To})
}

// moves says whether a delivery that has failed on a channel goes on, on another one of the same person: that attempt
// waits and now need not, is due, or has been made.
func (r receiver) moves(ctx context.Context, rc Receipt) (bool, error) {
	moves, err := r.journal.Hasten(ctx, rc.ID, rc.Round, rc.Attempt+1, rc.Channel, r.now())
	if err != nil || moves {
		return moves, err
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	s, err := r.history.State(ctx, rc.ID)
	overtaken := s.Attempt > rc.Attempt && !untried(s) || s.Attempt == rc.Attempt && s.Status == rooms.Sent && !s.RetryAt.IsZero()
	return s.Round == rc.Round && overtaken, err
}

// untried says that the second channel was not even tried, and the delivery stays sent on the first.
func untried(s rooms.State) bool { return s.Status == rooms.Sent && s.Reason != rooms.NoReason }

// endsAlike has a delivery fail all the same if the attempt on the other channel has ended untried meanwhile.
func (r receiver) endsAlike(ctx context.Context, rc Receipt, e *rooms.Event) error {
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	s, err := r.history.State(ctx, rc.ID)
	if err != nil || !untried(s) || s.Round != rc.Round {
		return err
	}
	e.Kind, e.RetryAt, e.Rule = rooms.EventFailed, time.Time{}, ""
	return r.journal.Record(ctx, *e)
}
