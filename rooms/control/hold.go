package control

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// countEvery is the time between two counts of what has failed.
const countEvery = 100 * time.Millisecond

// Holder holds messages of which too much has failed, by their policies. Each node counts for what it has seen fail.
type Holder struct {
	Desk *Desk
	Log  *slog.Logger

	mu   sync.Mutex
	seen map[rooms.UMID]bool
}

// Failed notes that a delivery of a message went wrong.
func (h *Holder) Failed(u rooms.UMID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil {
		h.seen = map[rooms.UMID]bool{}
	}
	h.seen[u] = true
}

func (h *Holder) take() map[rooms.UMID]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.seen
	h.seen = nil
	return seen
}

// Run counts until ctx ends.
func (h *Holder) Run(ctx context.Context) error {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		h.count(ctx, h.take())
	}
}

// count looks at messages of which something has failed. One that cannot be looked at is looked at again.
func (h *Holder) count(ctx context.Context, seen map[rooms.UMID]bool) {
	if len(seen) == 0 {
		return
	}
	err := h.Desk.Index.Wait(ctx)
	for u := range seen {
		if err == nil {
			err = h.one(ctx, u)
		}
		if err != nil && ctx.Err() == nil {
			h.Failed(u)
		}
	}
	if err != nil && ctx.Err() == nil {
		h.Log.Warn("failures are not counted yet", "error", err)
	}
}

func (h *Holder) one(ctx context.Context, u rooms.UMID) error {
	m, err := h.Desk.Index.Standing(u)
	if err != nil {
		return err
	}
	c := Latest(m.Control, h.Desk.Controls.Of(u))
	if m.Finished || !c.Runs() {
		return nil
	}
	p, err := h.Desk.Policies.Policy(ctx, m.Policy)
	if err != nil || p.HoldAfter <= 0 || m.Wrong-c.Failed < p.HoldAfter {
		return err
	}
	h.Log.Warn("a message is held: too many deliveries have failed", "umid", string(u), "failed", m.Wrong, "limit", p.HoldAfter)
	_, err = h.Desk.Hold(ctx, u)
	return err
}

// countAgain has the next hold of a message that was resumed count what fails once more: no more than so many are wrong
// still that were so before. It is the decision that stands, stored and recorded again.
func (d *Desk) countAgain(ctx context.Context, u rooms.UMID, wrong int) error {
	for {
		m, err := d.Index.Standing(u)
		if err != nil {
			return err
		}
		stored, err := d.Controls.Read(ctx, u)
		if err != nil {
			return err
		}
		c := Latest(m.Control, stored)
		failed := min(c.Failed, wrong, m.Wrong)
		if !c.Runs() || c.Failed == failed { // to resume one that waits counts anew by itself
			return nil
		}
		c.UMID, c.Failed, c.Entry = u, failed, stored.Entry
		c, err = d.Controls.Put(ctx, c)
		if errors.Is(err, stream.ErrRevision) && ctx.Err() == nil {
			continue // somebody else has decided meanwhile
		}
		if err != nil {
			return err
		}
		return d.record(ctx, c)
	}
}
