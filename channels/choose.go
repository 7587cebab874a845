package channels

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// claimedProbe is how long a probe has to be due before a claimed delivery makes it while another provider is usable: often
// enough that a provider which only they use is found well again.
const claimedProbe = time.Minute

// Uses know how the providers are used, out of memory, and keep what is decided about them. Put stores on condition that
// u.Entry is the latest.
type Uses interface {
	Of(c rooms.Channel, provider string) rooms.ProviderUse
	Put(ctx context.Context, u rooms.ProviderUse) (rooms.ProviderUse, error)
}

// unmoved are the uses where nobody decides anything.
type unmoved struct{}

func (unmoved) Of(c rooms.Channel, name string) rooms.ProviderUse {
	return rooms.UnmovedProvider(c, name)
}

func (unmoved) Put(_ context.Context, u rooms.ProviderUse) (rooms.ProviderUse, error) { return u, nil }

// choose gives the provider of an attempt: the first in line that may be asked, or that is to be probed. If there is none,
// the step says what to do instead: the job returns as it was, no attempt counted, and if no other job of the channel can
// fare better, nothing is pulled meanwhile.
func (c *crew) choose(j rooms.Job, routes []rooms.Route, now time.Time) (*member, step, bool) {
	return c.pick(j, routes, 0, now)
}

// chooseClaimed does so for an attempt that is claimed: of unknown outcome it would be held up, so it seldom probes.
func (c *crew) chooseClaimed(j rooms.Job, routes []rooms.Route, now time.Time) (*member, step, bool) {
	return c.pick(j, routes, claimedProbe, now)
}

// pick has the delivery probe, where there is another provider, only if a probe has been due for that long.
func (c *crew) pick(j rooms.Job, routes []rooms.Route, overdue time.Duration, now time.Time) (*member, step, bool) {
	line := c.line(j, routes)
	if len(line) == 0 {
		return c.without(routes)
	}
	by, probing := firstUsable(line, j.Lane, overdue, now)
	switch {
	case by == nil:
		wait := c.rest(line, j.Lane, now)
		return nil, c.pausing(step{action: handBack, wait: wait}), false
	case probing && !by.health.claim(j.Lane, now): // somebody else was faster
		return c.pick(j, routes, overdue, now)
	}
	return by, step{}, true
}

// firstUsable is the provider to ask, and whether that probes it. An emergency probes only if nothing else is left, and
// others, where that is so or a probe has been due for long enough.
func firstUsable(line []weighted, l rooms.Lane, overdue time.Duration, now time.Time) (by *member, probing bool) {
	var probe *member
	for _, w := range line {
		if w.health == nil {
			return w.member, false
		}
		ok, wait := w.health.usable(l, now)
		switch {
		case ok:
			return w.member, false
		case wait > 0 || probe != nil:
		case l != rooms.Emergency && w.health.due(l, now.Add(-overdue)):
			return w.member, true
		default:
			probe = w.member
		}
	}
	return probe, probe != nil
}

// due says whether a probe of a dead provider was due at a time.
func (h *health) due(l rooms.Lane, at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !at.Before(*h.probe(l))
}

// without is what follows where no provider is left: there is none, or all are drained.
func (c *crew) without(routes []rooms.Route) (*member, step, bool) {
	if len(c.configured(routes)) == 0 {
		return c.none, step{}, true
	}
	return nil, c.pausing(step{action: handBack, wait: shortRetry}), false
}

// rest is when the next provider of a line is to be probed.
func (c *crew) rest(line []weighted, l rooms.Lane, now time.Time) time.Duration {
	soonest := shortRetry
	for _, w := range line {
		_, wait := w.health.usable(l, now)
		soonest = min(soonest, wait)
	}
	return max(soonest, 10*time.Millisecond)
}

// pausing has a line pull nothing for as long as its job waits, unless there are providers that others may go to.
func (c *crew) pausing(s step) step {
	for _, m := range c.members {
		if m.health == nil {
			continue
		}
		if ok, _ := m.health.usable(rooms.Normal, time.Now()); ok && c.uses.Of(c.channel, m.Name).State != rooms.ProviderDrained {
			return s
		}
	}
	s.pause = s.wait
	return s
}
