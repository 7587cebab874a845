package matrix

import (
	"context"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// readUpTo reports what somebody has read: an event of ours, and those of ours before it as far back as is known already.
func (r *reader) readUpTo(ctx context.Context, room string, read reading) error {
	if r.deps.Open == nil || r.read[room] == read.event {
		return nil
	}
	all, err := r.ours(ctx, room, read.event)
	if r.skips("a receipt", err) {
		return nil
	}
	if err != nil || len(all) == 0 {
		return err
	}
	for _, e := range all {
		if e.ID == r.read[room] {
			break
		}
		if err := r.report(ctx, e, rooms.Delivered, rooms.NoReason, read.at); err != nil {
			return err
		}
	}
	if len(r.read) >= maxRemembered {
		clear(r.read)
	}
	r.read[room] = all[0].ID
	return nil
}

// report has the receipt of an event be made durable. What is no delivery, or not known any more, has none.
func (r *reader) report(ctx context.Context, e event, s rooms.Status, why rooms.Reason, at time.Time) error {
	a, ok := r.attempt(e)
	if !ok {
		return nil
	}
	m, known, err := r.deps.Message(ctx, a.UMID)
	if err != nil || !known {
		return err
	}
	rc := channels.Receipt{
		ID: a.DeliveryID, Room: m.Room, Channel: rooms.Matrix, Attempt: a.Attempt, Round: a.Round, Status: s, Reason: why, At: at,
	}
	if isToken(e.ID, maxEventID) {
		rc.ProviderID = e.ID
	}
	return r.receipts.Tell(ctx, rc)
}

// attempt is the one that an event of ours was sent for.
func (r *reader) attempt(e event) (rooms.AttemptID, bool) {
	token := e.content().Attempt
	if token == "" || e.Sender != r.options.UserID || r.deps.Open == nil {
		return rooms.AttemptID{}, false
	}
	a, err := r.deps.Open(token)
	return a, err == nil
}

// unread reports that nothing of what waits in a room will be read.
func (r *reader) unread(ctx context.Context, room, last string, at time.Time) error {
	all, err := r.ours(ctx, room, last)
	if r.skips("an invitation that was refused", err) {
		return nil
	}
	for _, e := range all {
		if err := r.report(ctx, e, rooms.Failed, rooms.Suppressed, at); err != nil {
			return err
		}
	}
	return err
}
