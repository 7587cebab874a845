package index

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

// waited is what is known of a message beside its deliveries: how it waited, and what has taken its place. As in [message], neither order nor repetition matters.
type waited struct {
	released uint64     // when it went on
	next     time.Time  // of a series: when it is sent next
	after    rooms.UMID // the message that has taken its place
}

// Waiting is what is told of that.
type Waiting struct {
	ReleasedAt   time.Time // when it went on, after it had waited
	Readable     bool      // it stands where all messages are read that do not wait
	NextAt       time.Time // of a series
	SupersededBy rooms.UMID
}

// held says that the message waits.
func (m *message) held() bool { return m.known && m.header.Held && m.released == 0 && !m.ended() }

// ended says that the message was taken back before it went on.
func (m *message) ended() bool {
	return m.header.Held && m.released == 0 && m.control.State == rooms.ControlCancelled
}

func (m *message) summarize(s *Summary) {
	s.Held = m.held()
	s.Awaits = s.Held && m.header.Awaits
	readable := m.known && !m.header.Held
	s.Waiting = Waiting{ReleasedAt: tickTime(m.base, m.released), Readable: readable, NextAt: m.next, SupersededBy: m.after}
	if m.header.IsSeries() && m.released > 0 {
		s.FinishedAt = s.ReleasedAt
	}
	if m.ended() {
		s.Counts, s.FinishedAt = Counts{Failed: s.Recipients}, m.control.At
	}
}

// lookedAfter is when the order of all comes to a message again that still waits.
const lookedAfter = 24 * time.Hour

// lives is the moment from which on the message grows old, as a packed UMID of that time.
func (m *message) lives(end packed) (packed, error) {
	at := uint64(m.base)
	switch {
	case m.held():
		at = end.Time() + uint64(lookedAfter.Milliseconds())
	case m.released > 0:
		at = uint64(tickTime(m.base, m.released).UnixMilli())
	case m.ended():
		at = uint64(max(m.control.At.UnixMilli(), m.base))
	}
	p, err := packUMID(m.header.UMID)
	if err != nil {
		return p, err
	}
	return p, p.SetTime(at)
}

func (m *message) packWaited(b []byte) []byte {
	h := &m.header
	b = append(b, packFlags(h.Held, h.Awaits, h.Exercise, h.Targeted), packFlags(h.Event))
	for _, s := range []string{string(h.Series), string(h.Alert), string(h.References), string(h.ReleasedBy), string(m.after)} {
		b = packString(b, s)
	}
	for _, t := range []time.Time{h.SendAt, m.next} {
		b = packTime(b, t)
	}
	return binary.AppendUvarint(b, m.released)
}

func (m *message) unpackWaited(r *reader) {
	h := &m.header
	h.Held, h.Awaits, h.Exercise, h.Targeted = r.flags()
	h.Event, _, _, _ = r.flags()
	h.Series, h.Alert, h.References = rooms.UMID(r.text()), rooms.Alert(r.text()), rooms.UMID(r.text())
	h.ReleasedBy, m.after = rooms.Client(r.text()), rooms.UMID(r.text())
	h.SendAt, m.next = r.time(), r.time()
	m.released = r.uvarint()
}

// supersede notes on an earlier message that another has taken its place, once that one goes.
func (b *batch) supersede(h rooms.Header) error {
	if h.Held || h.Alert == rooms.AlertNone {
		return nil
	}
	if _, err := rooms.ParseUMID(string(h.References)); err != nil {
		return nil
	}
	earlier, err := b.message(h.References)
	if err == nil {
		earlier.after = max(earlier.after, h.UMID)
	}
	return err
}

// settleHeld keeps the orders of messages that wait.
func (b *batch) settleHeld(u rooms.UMID, t touch) error {
	room, client := heldOrder+string(t.now.header.Room), waitingOf(t.now.header.Publisher)
	switch was, is := t.before.held(), t.now.held(); {
	case is && !was:
		return errors.Join(b.insert(room, u), b.insert(client, u))
	case was && !is:
		return errors.Join(b.remove(room, u), b.remove(client, u))
	}
	return nil
}

// place is the message that stands elsewhere in the order of all, under the value's key.
type place struct{ umid rooms.UMID }

func (p *place) size() int    { return 32 }
func (p *place) pack() []byte { return []byte(p.umid) }

func (p *place) unpack(raw []byte) error {
	u, err := rooms.ParseUMID(string(raw))
	if err != nil {
		return errDamaged
	}
	p.umid = u
	return nil
}

func placeKey(p packed) string { return "a:" + p.String() }

// forgetOrPutOff forgets the message that an entry of the order of all stands for, and gives the number of its pages. One
// that waits, or has gone on after end, is put where it belongs: when that time is past too it is looked at again.
func (b *batch) forgetOrPutOff(entry, end packed) (int, error) {
	u := rooms.UMID(entry.String())
	moved, err := load[place](b, placeKey(entry))
	if err != nil {
		return 0, err
	}
	if moved.umid != "" {
		u = moved.umid
		b.drop(placeKey(entry))
	}
	m, err := load[message](b, messageKey(u))
	if err != nil {
		return 0, err
	}
	if err := b.remove(keptOrder, rooms.UMID(entry.String())); err != nil {
		return 0, err
	}
	m.name(u)
	if m.known && m.header.Held || m.released > 0 {
		until, err := m.lives(end)
		if err != nil {
			return 0, err
		}
		if until.Time() >= end.Time() {
			b.put(placeKey(until), &place{u})
			return 0, b.insert(keptOrder, rooms.UMID(until.String()))
		}
	}
	return b.forget(u)
}
