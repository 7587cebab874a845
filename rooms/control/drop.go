package control

import (
	"context"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
)

// Dropped is what a call has dropped.
type Dropped struct {
	Dropped int // deliveries
	Left    int // deliveries for a further call
}

// DropFailed has deliveries that went wrong be tried anew no more, as far as they are picked out: they stay failed, or fail now if
// nobody knows whether they were sent. It is recorded who said so, and what is dropped does not count for
// the hold of the message. To drop again what is dropped changes nothing.
func (d *Desk) DropFailed(ctx context.Context, u rooms.UMID, by rooms.Client, f rooms.FailedFilter) (Dropped, error) {
	if err := d.Index.Wait(ctx); err != nil {
		return Dropped{}, err
	}
	m, err := d.Index.Standing(u)
	if err != nil {
		return Dropped{}, err
	}
	wanted, left, err := d.some(u, func(one Delivery) bool {
		return one.Dead() && !one.Dropped && f.Delivery(one.N, one.Channel, one.State)
	})
	if err != nil {
		return Dropped{}, err
	}
	for part := range slices.Chunk(wanted, resendBatch) {
		events := make([]rooms.Event, len(part))
		for i, one := range part {
			events[i] = rooms.Event{
				Kind: rooms.EventDropped, Room: m.Room, UMID: u, At: d.now(), N: one.N, Attempt: one.Attempt, Round: one.Round, Channel: one.Channel,
				Reason: one.Reason, By: by,
			}
		}
		if err := d.Log.Record(ctx, events...); err != nil {
			return Dropped{}, fmt.Errorf("control: record what is dropped: %w", err)
		}
	}
	if err := d.Index.Wait(ctx); err != nil { // who lists what has failed sees it
		return Dropped{}, err
	}
	return Dropped{Dropped: len(wanted), Left: left}, d.countAgain(ctx, u, m.Wrong)
}
