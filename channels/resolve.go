package channels

import (
	"context"
	"math/big"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Confirmed knows what providers have confirmed, by the ids that they gave.
type Confirmed interface {
	// Sent gives what a provider has confirmed under an id; false if nothing is known of it. With wait it first waits until
	// every event recorded before the call is known.
	Sent(ctx context.Context, provider, id string, wait bool) (rooms.Confirmation, bool, error)
}

// receiptShelf is where receipts wait whose delivery is not known.
type receiptShelf interface {
	ParkReceipt(ctx context.Context, r rooms.ParkedReceipt) error
	ParkedReceipts(ctx context.Context, from uint64, limit int) (all []rooms.ParkedReceipt, upTo uint64, err error)
	DropReceipt(ctx context.Context, sequence uint64) error
}

// How long a receipt waits for its confirmation in memory, before the index is asked and after; and in all.
const (
	earlyPatience = 100 * time.Millisecond
	latePatience  = time.Second
	findPatience  = 5 * time.Second
)

// resolver finds the deliveries of receipts that name them by the provider's id. What it does not find it parks.
type resolver struct {
	receiver
	lately    *lately
	confirmed Confirmed
	shelf     receiptShelf
	parked    func() // is told of each that is parked
}

// take makes a receipt durable: as an event, or among those that wait, also while nobody can say whose it is. Of a text of several parts every part is to be
// delivered, and one that fails is enough.
func (r resolver) take(ctx context.Context, rc Receipt) error {
	if rc.ProviderID == "" || rc.ID != (rooms.DeliveryID{}) {
		return r.receiver.take(ctx, rc)
	}
	c, ok := r.sought(ctx, rc)
	if ok && (c.Parts == 1 || rc.Status == rooms.Failed) {
		return r.receiver.take(ctx, named(rc, c))
	}
	err := r.shelf.ParkReceipt(ctx, rooms.ParkedReceipt{
		Channel: rc.Channel, Provider: r.provider, ProviderID: rc.ProviderID, Status: rc.Status, Reason: rc.Reason, Code: rc.Code, At: rc.At,
		Heard: r.now().UTC(),
	})
	if err == nil {
		r.parked()
	}
	return err
}

// named has a receipt name its attempt.
func named(rc Receipt, c rooms.Confirmation) Receipt {
	rc.ID, rc.Room, rc.Round, rc.Attempt = c.DeliveryID, c.Room, c.Round, c.Attempt
	return rc
}

// sought is what is found in a short time; what then is not known is not found.
func (r resolver) sought(ctx context.Context, rc Receipt) (rooms.Confirmation, bool) {
	ctx, cancel := context.WithTimeout(ctx, findPatience)
	defer cancel()
	c, ok, err := r.find(ctx, rc)
	return c, ok && err == nil
}

// find looks where the answer is likeliest, and at last where it costs most. An id that is written otherwise comes last.
func (r resolver) find(ctx context.Context, rc Receipt) (rooms.Confirmation, bool, error) {
	id := rc.ProviderID
	if c, ok := r.lately.find(ctx, r.provider, id, earlyPatience); ok {
		return c, true, nil
	}
	if c, ok, err := r.confirmed.Sent(ctx, r.provider, id, false); ok || err != nil {
		return c, ok, err
	}
	if c, ok := r.lately.find(ctx, r.provider, id, latePatience); ok {
		return c, true, nil
	}
	if c, ok, err := r.confirmed.Sent(ctx, r.provider, id, true); ok || err != nil {
		return c, ok, err
	}
	return otherwise(ctx, r.confirmed, r.history, rooms.ParkedReceipt{Provider: r.provider, ProviderID: id, Status: rc.Status, Heard: r.now()})
}

// otherwise finds what was confirmed under an id that is the same number, written in hexadecimal or in decimal, and of which
// nothing further is known. It may be that of another message, so none fails by it.
func otherwise(ctx context.Context, confirmed Confirmed, h History, p rooms.ParkedReceipt) (rooms.Confirmation, bool, error) {
	if p.Status != rooms.Delivered {
		return rooms.Confirmation{}, false, nil
	}
	for _, other := range readings(p.ProviderID) {
		c, ok, err := confirmed.Sent(ctx, p.Provider, other, false)
		if err != nil {
			return c, false, err
		}
		if !ok || !p.Of(c) {
			continue
		}
		s, err := h.State(ctx, c.DeliveryID)
		if err != nil || s.Status == rooms.Sent && s.Attempt == c.Attempt && s.Round == c.Round {
			return c, err == nil, err
		}
	}
	return rooms.Confirmation{}, false, nil
}

// readings are the other ways to write an id that is a number.
func readings(id string) (all []string) {
	for _, base := range [][2]int{{10, 16}, {16, 10}} {
		n, ok := new(big.Int).SetString(id, base[0])
		if other := n.Text(base[1]); ok && n.Sign() >= 0 && rooms.SameProviderID(other) != rooms.SameProviderID(id) {
			all = append(all, other)
		}
	}
	return all
}
