package channels

import (
	"context"
	"time"
)

// Ready is implemented by providers that know at any moment whether they could send, as those do that keep connections: nil if
// so. Such a one is looked at all the time.
type Ready interface {
	Ready() error
}

// Prober is implemented by providers that can find out whether anybody answers, without sending anything: nil if so. Such a one
// is probed from the first call that had no answer on, until one has.
type Prober interface {
	Probe(ctx context.Context) error
}

// looks are what was seen of a provider beside its calls, so that one that is dead is found out where little is sent.
type looks struct {
	doubt  bool // a call had no answer, and none since had one
	failed int  // looks in a row that found nobody
	opened bool // by them the provider is taken for dead
	well   bool // by calls it is taken for dead, and a look has found it well since: the next call decides
}

// wellAfter is for how long no call must have failed before a look says anything of a provider that calls have found dead: some
// answer a look, and no delivery.
const wellAfter = time.Minute

// looked learns from a look. What looks have begun they end; what calls have, only the next call does, which probes.
func (h *health) looked(err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	calm := len(h.calls) == 0 && now.Sub(h.wrong) >= wellAfter
	switch {
	case err != nil:
		h.looks.well = false
		if h.looks.failed++; h.looks.failed >= h.options.Failures && h.opened.IsZero() {
			h.looks.opened = true
			h.open(now)
		}
	case h.opened.IsZero():
		h.looks = looks{}
	case h.looks.opened:
		h.opened, h.inRow, h.looks = time.Time{}, 0, looks{}
	case calm:
		h.looks = looks{well: true}
	default:
		h.looks.failed = 0
	}
}

// doubted says that the provider is worth a look that costs something.
func (h *health) doubted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.looks.doubt || !h.opened.IsZero()
}

// look looks at the provider again and again, until ctx ends, if there is a way to.
func (m *member) look(ctx context.Context) {
	if m.health == nil || m.health.counts {
		return
	}
	ready, knows := m.Provider.(Ready)
	prober, asks := m.Provider.(Prober)
	if !knows && !asks {
		return
	}
	tick := time.NewTicker(m.health.options.Probe)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var err error
		switch {
		case knows:
			err = ready.Ready()
		case !m.health.doubted():
			continue
		default:
			err = prober.Probe(ctx)
		}
		if ctx.Err() == nil {
			m.health.looked(err, time.Now())
		}
	}
}
