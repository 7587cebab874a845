package index

import (
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
)

const (
	// deadPages is how many pages of deliveries one call looks through at most.
	deadPages = 1000
	// deadLooks is how many messages one call looks at, so that many of others hold nobody up.
	deadLooks = 10_000
)

// DeadQuery asks for deliveries of a room that went wrong, and that nobody has dropped.
type DeadQuery struct {
	Room rooms.Room
	rooms.FailedFilter
	Publisher rooms.Client // of the messages; empty: any
	From      time.Time    // messages that were received before are not shown
}

// Dead is one of them.
type Dead struct {
	rooms.Header
	Delivery
	Resendable bool // it can be tried anew
}

func (m *message) isDead() bool { return m.known && m.dead > 0 }

// settleDead keeps the order of messages of which deliveries went wrong.
func (b *batch) settleDead(u rooms.UMID, t touch) error {
	order := deadOrder + string(t.now.header.Room)
	switch was, is := t.before.isDead(), t.now.isDead(); {
	case is && !was:
		return b.insert(order, u)
	case was && !is:
		return b.remove(order, u)
	}
	return nil
}

// Dead lists up to limit of them: those of the newest message first, of each by number. next is where to go on, empty at
// the end. One call looks at 10,000 messages, and through a million deliveries, at most, so that a list may be shorter, and even
// empty, while more follow.
func (x *Index) Dead(q DeadQuery, cursor string, limit int) (list []Dead, next string, err error) {
	from, n, err := deadCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), MaxList)
	w := deadWalk{DeadQuery: q, limit: limit + 1, looks: deadLooks, pages: deadPages}
	err = x.view(func(s source) error { return w.walk(s, from, n) })
	if len(w.found) > limit {
		last := w.found[limit]
		w.found, w.next = w.found[:limit], cursorAt(last.UMID, last.N)
	}
	return w.found, w.next, err
}

// DeadMessages lists in the same way the messages that have such deliveries, from a message on. The filter of deliveries is
// not asked.
func (x *Index) DeadMessages(q DeadQuery, from rooms.UMID, limit int) (list []rooms.Header, next rooms.UMID, err error) {
	var first packed
	if from != "" {
		if first, err = packUMID(from); err != nil {
			return nil, "", ErrCursor
		}
	}
	w := deadWalk{DeadQuery: q, looks: deadLooks}
	err = x.view(func(s source) error {
		return w.messages(s, first, func(m *message) (bool, error) {
			if len(list) == limit {
				w.next = cursorAt(m.header.UMID, 0)
				return false, nil
			}
			list = append(list, m.header)
			return true, nil
		})
	})
	umid, _, _ := strings.Cut(w.next, "-")
	return list, rooms.UMID(umid), err
}

func cursorAt(u rooms.UMID, n int) string { return string(u) + "-" + strconv.Itoa(n) }

// CheckDeadCursor says ErrCursor of what Dead has not given.
func CheckDeadCursor(s string) error {
	_, _, err := deadCursor(s)
	return err
}

func deadCursor(s string) (from packed, n int, err error) {
	if s == "" {
		return from, 0, nil
	}
	umid, number, _ := strings.Cut(s, "-")
	from, errU := packUMID(rooms.UMID(umid))
	n, errN := strconv.Atoi(number)
	if errU != nil || errN != nil || n < 0 || cursorAt(rooms.UMID(umid), n) != s {
		return from, 0, ErrCursor
	}
	return from, n, nil
}

// deadWalk looks through messages until it has found enough, or has looked at so many messages or pages.
type deadWalk struct {
	DeadQuery
	limit, looks, pages int
	found               []Dead
	next                string
}

func (w *deadWalk) walk(s source, from packed, n int) error {
	return w.messages(s, from, func(m *message) (bool, error) {
		start := 0
		if m.header.UMID == rooms.UMID(from.String()) {
			start = n
		}
		return w.deliveries(s, m, start)
	})
}

// messages calls fn with each message that is asked for, from one on, until it says that this is enough.
func (w *deadWalk) messages(s source, from packed, fn func(*message) (more bool, err error)) error {
	const together = 100
	if w.UMID != "" {
		one, err := packUMID(w.UMID)
		if err != nil || !from.IsZero() && one != from {
			return nil //nolint:nilerr // what is no UMID is the id of nothing
		}
		_, err = w.some(s, []packed{one}, fn)
		return err
	}
	umids := []packed{from}
	if from.IsZero() {
		umids = nil
	}
	for {
		more, err := w.some(s, umids, fn)
		if err != nil || !more {
			return err
		}
		if umids, err = descend(s, deadOrder+string(w.Room), from, together); err != nil || len(umids) == 0 {
			return err
		}
		from = umids[len(umids)-1]
	}
}

func (w *deadWalk) some(s source, umids []packed, fn func(*message) (bool, error)) (more bool, err error) {
	keys := make([]string, len(umids))
	for i, u := range umids {
		keys[i] = messageKey(rooms.UMID(u.String()))
	}
	values, err := s.get(keys...)
	if err != nil {
		return false, err
	}
	for i, key := range keys {
		u := rooms.UMID(umids[i].String())
		if w.looks--; w.looks < 0 {
			w.next = cursorAt(u, 0)
			return false, nil
		}
		var m message
		if raw, known := values[key]; !known {
			continue
		} else if err := m.unpack(raw); err != nil {
			return false, err
		}
		if m.name(u); !w.asks(&m) {
			continue
		}
		if more, err = fn(&m); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func (w *deadWalk) asks(m *message) bool {
	h := m.header
	return m.isDead() && h.Room == w.Room && (w.Publisher == "" || h.Publisher == w.Publisher) && !h.ReceivedAt.Before(w.From) && w.Message(h)
}

// deliveries looks through those of a message from number n on.
func (w *deadWalk) deliveries(s source, m *message, n int) (more bool, err error) {
	for ; n < m.pages*rooms.PageSize; n = (n/rooms.PageSize + 1) * rooms.PageSize {
		if w.pages--; w.pages < 0 {
			w.next = cursorAt(m.header.UMID, n)
			return false, nil
		}
		p, _, err := read[page](s, pageKey(m.header.UMID, n/rooms.PageSize))
		if err != nil {
			return false, err
		}
		for i := n % rooms.PageSize; i < p.len(); i++ {
			if !p.slot(i).dead() {
				continue
			}
			if d := p.delivery(m.base, n/rooms.PageSize, i); w.Delivery(d.N, d.Channel, d.State) {
				w.found = append(w.found, Dead{m.header, d, d.Helpable() && m.erased == 0 && m.control.State != rooms.ControlCancelled})
			}
			if len(w.found) == w.limit {
				return false, nil
			}
		}
	}
	return true, nil
}
