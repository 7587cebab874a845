package control

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

const (
	// sweepMessages and maxResend are what one sweep does at most.
	sweepMessages = 100
	// sweepPage is how many messages are read at once.
	sweepPage = 20
)

// Sweep picks out deliveries of a room that went wrong.
type Sweep struct {
	Room rooms.Room
	rooms.FailedFilter
	Publisher rooms.Client // of the messages; empty: any
	From      time.Time    // messages that were received before are left alone
	Next      rooms.UMID   // where an earlier one has ended
}

// Swept is what one has done.
type Swept struct {
	Messages   int        // of which deliveries were tried anew, or dropped
	Deliveries int        // that were
	Unknown    int        // of people who have left, or of whom it is not known who they were
	Skipped    int        // messages that are cancelled, or tried as often as may be, or whose content is gone
	Next       rooms.UMID // where the next one goes on; empty: this is all
}

// ResendAll tries anew what went wrong in a room, a part of it. One that was interrupted goes on when it is called again.
func (d *Desk) ResendAll(ctx context.Context, by rooms.Client, s Sweep) (Swept, error) {
	return d.sweep(ctx, s, func(u rooms.UMID) (n, left, unknown int, err error) {
		r, err := d.Resend(ctx, u, by, s.FailedFilter)
		return r.Requeued, r.Left, r.Unknown, err
	})
}

// DropAll drops it, a part of it.
func (d *Desk) DropAll(ctx context.Context, by rooms.Client, s Sweep) (Swept, error) {
	return d.sweep(ctx, s, func(u rooms.UMID) (n, left, unknown int, err error) {
		r, err := d.DropFailed(ctx, u, by, s.FailedFilter)
		return r.Dropped, r.Left, 0, err
	})
}

// sweep does it to one message after the other. A part may end with nothing done, where many messages were looked past.
func (d *Desk) sweep(ctx context.Context, s Sweep, each func(rooms.UMID) (n, left, unknown int, err error)) (done Swept, err error) {
	if err := d.Index.Wait(ctx); err != nil {
		return done, err
	}
	for looked, from := 0, s.Next; ; {
		page, next, err := d.Index.Dead(s, from, sweepPage)
		if err != nil {
			return done, err
		}
		for _, h := range page {
			if looked++; looked > sweepMessages || done.Deliveries >= maxResend {
				done.Next = h.UMID
				return done, nil
			}
			n, left, unknown, err := each(h.UMID)
			switch {
			case errors.Is(err, ErrGone), errors.Is(err, ErrCancelled), errors.Is(err, ErrRounds):
				done.Skipped++
			case err != nil:
				return done, err
			case n > 0:
				done.Messages++
			}
			done.Deliveries, done.Unknown = done.Deliveries+n, done.Unknown+unknown
			if left > 0 && n > 0 {
				done.Next = h.UMID
				return done, nil
			}
		}
		if next == "" || len(page) < sweepPage { // enough was looked at
			done.Next = next
			return done, nil
		}
		from = next
	}
}
