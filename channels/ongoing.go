package channels

import (
	"context"
	"time"

	"github.com/govcrier/crier/channels/lanes"
)

// ongoing is a call that has not come back. gone is closed when nobody waits for it any longer.
type ongoing struct {
	began  time.Time // or since when it has its place, if it takes one
	gone   chan struct{}
	timer  *time.Timer
	leave  func() // while it waits for its place, and has sent nothing: has it go without
	placed bool   // it waits for its first one no longer
}

// begin notes a call.
func (h *health) begin() *ongoing {
	c := &ongoing{began: time.Now(), gone: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[c] = true
	if h.several {
		c.timer = time.AfterFunc(h.options.Stuck, func() { h.stuck(c) })
	}
	return c
}

// within gives the context under which a call is made: it learns by it when the call waits for a place.
func (h *health) within(ctx context.Context, c *ongoing) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	return lanes.Told(ctx, func(waits bool) { h.waits(c, waits, cancel) }), cancel
}

// waits notes that a call waits for its place, or does no longer: then its time with the provider begins. One that was let go has
// no place coming; what it waits for after its first one belongs to the call.
func (h *health) waits(c *ongoing, waits bool, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case c.placed:
	case !h.calls[c]:
		leave()
	case waits:
		c.leave = leave
	default:
		c.began, c.leave, c.placed = time.Now(), nil, true
		if c.timer != nil {
			c.timer.Reset(h.options.Stuck)
		}
	}
}

// stuck looks at a call that has waited for long: if the provider says nothing to anybody, it is taken for dead, and who
// waits for it lets go.
func (h *health) stuck(c *ongoing) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch quiet := now.Sub(h.answered); {
	case !h.calls[c]:
		return
	case c.leave != nil:
		if !h.opened.IsZero() {
			c.leave()
		}
		return
	case quiet < h.options.Stuck:
		c.timer.Reset(h.options.Stuck - quiet)
		return
	}
	old := h.old(now)
	if h.opened.IsZero() && h.inRow+len(old) < h.options.Failures {
		c.timer.Reset(h.options.Stuck)
		return
	}
	h.open(now)
	for _, one := range old {
		delete(h.calls, one)
		close(one.gone)
		h.gone++
		h.count(Deferred, dead, now, now.Sub(one.began))
	}
}

// old are the calls that the provider has had for long, under h.mu.
func (h *health) old(now time.Time) (all []*ongoing) {
	for c := range h.calls {
		if c.leave == nil && now.Sub(c.began) >= h.options.Stuck {
			all = append(all, c)
		}
	}
	return all
}
