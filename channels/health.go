package channels

import (
	"strings"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// sign is what the end of a call tells of a provider.
type sign int

const (
	noSign sign = iota // nothing
	busy               // it has answered, and has no room for more: it lives, which says nothing of how well
	alive              // it has answered, whatever
	unwell             // it asks to come later
	dead               // there was no connection, or no answer
)

// signOf reads an outcome. What is the recipient's own matter is none of the provider's.
func signOf(o Outcome) sign {
	switch o.Result {
	case Sent, Rejected, Suppressed:
		return alive
	case Throttled:
		return busy
	case NoRoom:
		return noSign
	}
	switch o.Reason {
	case rooms.Throttled:
		return busy
	case rooms.Unconfigured:
		return noSign
	case rooms.Unreachable, rooms.TimedOut, rooms.Unknown:
		return dead
	}
	if strings.Contains(o.Code, " 4.1.") || strings.Contains(o.Code, " 4.2.") { // RFC 3463: address, mailbox
		return alive
	}
	return unwell
}

// health is how a provider answers this node: what it did in the last minute, and whether it may be asked now. It is a
// circuit breaker that opens after so many calls in a row without connection or answer; then single deliveries probe.
type health struct {
	options HealthOptions
	several bool // the channel has others
	counts  bool // and no more: it never opens, and moves no weight

	mu       sync.Mutex
	window   window
	used     window // since its use was changed
	calls    map[*ongoing]bool
	gone     int       // calls that were let go and have not come back
	mostGone int       // so many, and it is asked no more until one does
	inRow    int       // dead, one after the other
	answered time.Time // the latest sign of life
	wrong    time.Time // the latest that was failed or slow
	opened   time.Time // zero: it may be asked
	probes   [2]time.Time
	use      uint64 // the entry of that
	looks    looks
}

func newHealth(o HealthOptions, several bool) *health {
	return &health{options: o.WithDefaults(), several: several, calls: map[*ongoing]bool{}, mostGone: Options{}.WithDefaults().Workers.all()}
}

// usable says whether the provider may be asked by a delivery of a lane, and if not, when to ask again. That it is dead is
// found out by single deliveries: emergencies have probes of their own, so that no other takes theirs.
func (h *health) usable(l rooms.Lane, now time.Time) (ok bool, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.gone >= h.mostGone:
		return false, h.options.Probe
	case h.opened.IsZero():
		return true, 0
	}
	return false, max(h.probe(l).Sub(now), 0)
}

// claim takes the probe of a dead provider, if it is due.
func (h *health) claim(l rooms.Lane, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone >= h.mostGone {
		return false
	}
	if next := h.probe(l); h.opened.IsZero() || now.Before(*next) {
		return h.opened.IsZero()
	}
	*h.probe(l) = now.Add(h.options.Probe)
	return true
}

// probe is when the next one is due.
func (h *health) probe(l rooms.Lane) *time.Time {
	if l == rooms.Emergency {
		return &h.probes[1]
	}
	return &h.probes[0]
}

// end notes what became of it; of one that was let go, that it has come back.
func (h *health) end(c *ongoing, o Outcome, s sign) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.calls[c] {
		h.gone--
		return
	}
	delete(h.calls, c)
	if c.timer != nil {
		c.timer.Stop()
	}
	if o.Result != NoRoom { // the provider was not called
		h.count(o.Result, s, now, now.Sub(c.began))
	}
}

// count learns from an outcome, under h.mu.
func (h *health) count(r Result, s sign, now time.Time, took time.Duration) {
	slow := took >= h.options.Slow
	h.window.at(now).add(r, s, slow, took)
	h.used.at(now).add(r, s, slow, took)
	if s >= unwell || slow && s >= alive {
		h.wrong = now
	}
	switch s {
	case busy, alive, unwell:
		h.inRow, h.answered, h.opened, h.looks = 0, now, time.Time{}, looks{}
	case dead:
		h.looks.doubt, h.looks.well = true, false
		if h.inRow++; h.inRow >= h.options.Failures && !h.counts {
			h.open(now)
		}
	}
}

// open gives the provider no more but probes, the first one after a while, under h.mu. What waits for a place comes again.
func (h *health) open(now time.Time) {
	if !h.opened.IsZero() {
		return
	}
	h.opened = now
	h.probes = [2]time.Time{now.Add(h.options.Probe), now.Add(h.options.Probe)}
	for c := range h.calls {
		if c.leave != nil {
			c.leave()
		}
	}
}

// told learns under which use calls are made from now on: they are counted anew.
func (h *health) told(use uint64) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.use != use {
		h.use, h.used = use, window{}
	}
}

// dead says that the provider is taken for dead.
func (h *health) dead() bool {
	if h == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.opened.IsZero()
}

// report is how the provider has answered; nothing of one that is only counted.
func (h *health) report() rooms.ProviderReport {
	if h == nil || h.counts {
		return rooms.ProviderReport{}
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	sum := h.used.sum(now)
	return rooms.ProviderReport{Use: h.use, Calls: sum.calls(), Failed: sum.failed, Slow: sum.slow,
		Open: h.silent(), Quiet: int(min(now.Sub(h.wrong), 24*time.Hour).Seconds())}
}

// unanswered is how many calls in a row were without connection or answer; 0 if a look has found the provider well since.
func (h *health) unanswered() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.looks.doubt {
		return 0
	}
	return h.inRow
}

// lately is what the provider did in the last minute.
func (h *health) lately() (sum counts, inHand int, open bool) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.window.sum(now), len(h.calls), h.silent()
}

// silent says that the provider is taken for dead, and nothing speaks for it, under h.mu.
func (h *health) silent() bool { return !h.opened.IsZero() && !h.looks.well }
