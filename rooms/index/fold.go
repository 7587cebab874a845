package index

import (
	"time"

	"github.com/govcrier/crier/rooms"
)

// message is what is known of a message, whole or provisional: events may come before the
// header. Everything in it is a maximum, a minimum or a sum over deliveries, so that neither
// the order nor the repetition of what is folded matters. Times are ticks.
type message struct {
	header     rooms.Header
	base       int64 // the UMID's time, Unix milliseconds
	known      bool  // the header is there
	planned    bool  // the number of recipients is known
	recipients int
	counts     [statuses]int // by position in rooms.Statuses(); pending is what remains
	settled    int           // deliveries of which nothing more is awaited
	wrong      int           // those that failed, nobody wanted it so, and nobody has dropped
	helpable   int           // those that failed, or are undecided, and can be tried anew
	undecided  int           // those of which nobody knows whether they were sent, until a person says what follows
	dead       int           // those that went wrong, and that nobody has dropped
	control    rooms.Control // what was decided last
	pages      int           // one above the highest page of which anything is known
	firstSent  uint64
	lastDone   uint64 // the latest event that settled a delivery
	erased     uint64
	waited
}

// tick is milliseconds since the UMID's time, plus one; 0 is no time. What clocks that differ
// put before it becomes 1.
func (m *message) tick(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(min(max(t.UnixMilli()-m.base, 0)+1, maxTick))
}

// accept folds a header, from ROOMS or from an accepted event.
func (m *message) accept(h rooms.Header) {
	h.ReceivedAt, h.ExpiresAt, h.SendAt = plain(h.ReceivedAt), plain(h.ExpiresAt), plain(h.SendAt)
	if !m.known {
		m.header.Held, m.header.Awaits = h.Held, h.Awaits
	}
	m.header, m.known = joinHeaders(m.header, h), true
	if h.Direct && h.Recipients > 0 {
		m.plan(h.Recipients)
	}
}

func (m *message) plan(recipients int) {
	m.recipients, m.planned = max(m.recipients, recipients), true
}

// apply folds an event. p is the page that the event speaks of, see [pageOf].
func (m *message) apply(e rooms.Event, p *page) {
	at := m.tick(e.At)
	switch e.Kind {
	case rooms.EventAccepted, rooms.EventScheduled:
		if e.Message != nil && e.Message.UMID == e.UMID {
			m.accept(*e.Message)
		}
		m.next = laterTime(m.next, plain(e.RetryAt))
	case rooms.EventReleased:
		m.released = earliest(m.released, at)
	case rooms.EventPlanned:
		m.applyPlanned(e.Recipients, at)
	case rooms.EventQueued:
		m.applyQueued(e, p, at)
	case rooms.EventErased:
		m.erased = earliest(m.erased, at)
	case rooms.EventPaused, rooms.EventResumed, rooms.EventHeld, rooms.EventCancelled:
		m.decide(e.Control)
	case rooms.EventSent, rooms.EventDelivered, rooms.EventErrored, rooms.EventFailed, rooms.EventPostponed, rooms.EventRequeued, rooms.EventDropped:
		m.settle(p, e.N%rooms.PageSize, slotOf(e, at, m.tick(e.RetryAt)))
		p.steps.note(step{e.Sequence, e.N % rooms.PageSize})
	}
}

func (m *message) applyPlanned(recipients int, at uint64) {
	m.plan(recipients)
	if recipients == 0 {
		m.lastDone = max(m.lastDone, at)
	}
}

func (m *message) applyQueued(e rooms.Event, p *page, at uint64) {
	if e.Recipients > 0 {
		m.plan(e.Recipients)
	}
	marks := e.Marks[:min(len(e.Marks), rooms.PageSize)]
	p.queue(at, len(marks))
	p.grow(len(marks))
	for i := range marks {
		m.settle(p, i, slotOfMark(marks[i], at))
	}
}

// settle folds what is said of the i-th delivery of a page, and keeps the counts true.
func (m *message) settle(p *page, i int, said slot) {
	before := p.slot(i)
	after := before.join(said)
	m.firstSent = earliest(m.firstSent, said.sent)
	if said.done() {
		m.lastDone = max(m.lastDone, said.at)
	}
	if after == before && i < p.len() {
		return
	}
	p.set(i, after)
	m.count(before, -1)
	m.count(after, 1)
}

func (m *message) count(s slot, by int) {
	if s.status != statePending {
		m.counts[s.status] += by
	}
	if s.done() {
		m.settled += by
	}
	if s.status == stateFailed {
		m.wrong += ifTrue(rooms.Reasons()[s.reason].Wrong() && !s.isDropped(), by)
	}
	if s.status == stateFailed || s.status == stateErrored {
		m.helpable += ifTrue(s.state(0).Helpable() && !s.isDropped(), by)
		m.dead += ifTrue(s.dead(), by)
		m.undecided += ifTrue(s.undecided(), by)
	}
}

func ifTrue(condition bool, n int) int {
	if condition {
		return n
	}
	return 0
}

// total is the number of recipients: what was planned, or what is already known to be
// delivered to.
func (m *message) total() int { return max(m.recipients, m.started()) }

// started is the number of deliveries that are no longer pending.
func (m *message) started() int {
	sum := 0
	for _, n := range m.counts {
		sum += n
	}
	return sum
}

// finished says that nothing more is awaited of any delivery: each is terminal, or sent on a
// channel that gives no receipt. A receipt that never comes leaves its message unfinished.
func (m *message) finished() bool { return m.planned && m.settled == m.total() }

// erasable says that the body has done its work and is still there.
func (m *message) erasable() bool { return m.known && m.finished() && m.erased == 0 }

// hopeful says that deliveries which failed may be tried anew.
func (m *message) hopeful() bool {
	return m.helpable > 0 && m.control.State != rooms.ControlCancelled
}

// maxPages bounds the recipients of a message to 65 million.
const maxPages = 1 << 16

// pageOf is the number of the page that an event speaks of; false if it speaks of the whole
// message, or of a recipient that cannot be.
func pageOf(e rooms.Event) (int, bool) {
	switch e.Kind {
	case rooms.EventQueued:
		return e.Page, e.Page >= 0 && e.Page < maxPages
	case rooms.EventSent, rooms.EventDelivered, rooms.EventErrored, rooms.EventFailed, rooms.EventPostponed, rooms.EventRequeued, rooms.EventDropped:
		return e.N / rooms.PageSize, e.N >= 0 && e.N/rooms.PageSize < maxPages
	}
	return 0, false
}

// pageable says that an event of this kind needs a page to be folded into.
func pageable(k rooms.Kind) bool {
	switch k {
	case rooms.EventQueued, rooms.EventSent, rooms.EventDelivered, rooms.EventErrored, rooms.EventFailed, rooms.EventPostponed, rooms.EventRequeued, rooms.EventDropped:
		return true
	}
	return false
}

// joinHeaders takes the greater of each field: of two sources that tell the same message, one
// may leave out what the other knows.
func joinHeaders(a, b rooms.Header) rooms.Header {
	return rooms.Header{
		UMID: max(a.UMID, b.UMID), Room: max(a.Room, b.Room),
		Type: max(a.Type, b.Type), Lane: max(a.Lane, b.Lane),
		Direct:     a.Direct || b.Direct,
		Held:       a.Held && b.Held, // one entry that is not says that it has been released
		Awaits:     a.Awaits && b.Awaits,
		ReleasedBy: max(a.ReleasedBy, b.ReleasedBy),
		SendAt:     laterTime(a.SendAt, b.SendAt),
		Series:     max(a.Series, b.Series),
		Alert:      max(a.Alert, b.Alert), References: max(a.References, b.References),
		Exercise: a.Exercise || b.Exercise,
		Targeted: a.Targeted || b.Targeted,
		Event:    a.Event || b.Event,
		Callback: a.Callback || b.Callback, CallbackAt: max(a.CallbackAt, b.CallbackAt),
		Publisher: max(a.Publisher, b.Publisher),
		MHASH:     max(a.MHASH, b.MHASH), TxID: max(a.TxID, b.TxID),
		Policy:     laterRevision(a.Policy, b.Policy),
		ReceivedAt: laterTime(a.ReceivedAt, b.ReceivedAt),
		ExpiresAt:  laterTime(a.ExpiresAt, b.ExpiresAt),
		Recipients: max(a.Recipients, b.Recipients), Sequence: max(a.Sequence, b.Sequence),
	}
}

func laterRevision(a, b rooms.Revision) rooms.Revision {
	if a.Name > b.Name || a.Name == b.Name && a.Revision >= b.Revision {
		return a
	}
	return b
}

func laterTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// plain is the same moment in a form that == compares.
func plain(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(0, t.UnixNano()).UTC()
}
