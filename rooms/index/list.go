package index

import (
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

// MaxList is the most messages or deliveries that one call lists.
const MaxList = 1000

// ErrCursor says that a cursor is none that this package gave.
var ErrCursor = errors.New("index: not a cursor")

// Messages lists up to limit messages of a room, the newest first. next is the cursor of those
// that follow, to be given as before; it is empty at the end, as before is at the start. A
// cursor keeps its place while messages are added.
func (x *Index) Messages(room rooms.Room, before string, limit int) (list []Summary, next string, err error) {
	return x.list(roomOrder+string(room), before, limit)
}

// Held lists in the same way those that wait.
func (x *Index) Held(room rooms.Room, before string, limit int) (list []Summary, next string, err error) {
	return x.list(heldOrder+string(room), before, limit)
}

// Waiting counts what a client has waiting, in all rooms, up to most.
func (x *Index) Waiting(c rooms.Client, most int) (n int, err error) {
	err = x.view(func(s source) error {
		umids, err := descend(s, waitingOf(c), packed{}, most)
		n = len(umids)
		return err
	})
	return n, err
}

func (x *Index) list(order, before string, limit int) (list []Summary, next string, err error) {
	var from packed
	if before != "" {
		if from, err = packUMID(rooms.UMID(before)); err != nil {
			return nil, "", ErrCursor
		}
	}
	limit = min(max(limit, 1), MaxList)
	err = x.view(func(s source) error {
		umids, err := descend(s, order, from, limit+1)
		if err != nil {
			return err
		}
		if len(umids) > limit {
			umids = umids[:limit]
			next = umids[limit-1].String()
		}
		return each(s, umids, func(m *message) { list = append(list, m.summary()) })
	})
	return list, next, err
}

// Erasable lists up to limit messages whose body is to be erased, the oldest first: finished,
// not erased, and received before a moment.
func (x *Index) Erasable(before time.Time, limit int) ([]rooms.Header, error) {
	return x.ErasableAfter("", before, time.UnixMilli(1<<47), limit)
}

// ErasableAfter is Erasable from after a message on, for callers that leave some out. Messages of which some deliveries
// can be tried anew are left out too, unless they have finished before another moment.
func (x *Index) ErasableAfter(after rooms.UMID, before, failedBefore time.Time, limit int) ([]rooms.Header, error) {
	var from, end packed
	if after != "" {
		var err error
		if from, err = packUMID(after); err != nil {
			return nil, ErrCursor
		}
	}
	if err := end.SetTime(uint64(max(before.UnixMilli(), 0))); err != nil {
		return nil, err
	}
	var headers []rooms.Header
	limit = min(max(limit, 1), MaxList)
	for full := true; full && len(headers) == 0; {
		err := x.view(func(s source) error {
			umids, err := ascend(s, finishOrder, from, end, limit)
			if err != nil || len(umids) == 0 {
				full = false
				return err
			}
			full, from = len(umids) == limit, umids[len(umids)-1]
			return each(s, umids, func(m *message) {
				if !m.hopeful() || m.summary().FinishedAt.Before(failedBefore) {
					headers = append(headers, m.header)
				}
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return headers, nil
}

// Deliveries lists up to limit recipients of a message from number from on. next is the number
// to go on with, -1 at the end. ErrUnknown until the message's header is folded.
func (x *Index) Deliveries(u rooms.UMID, from, limit int) (list []Delivery, next int, err error) {
	from, next = max(from, 0), -1
	err = x.view(func(s source) error {
		m, err := readMessage(s, u)
		if err != nil {
			return err
		}
		end := min(from+min(max(limit, 1), MaxList), m.total())
		if end < m.total() {
			next = end
		}
		list, err = deliveries(s, m, from, end)
		return err
	})
	return list, next, err
}

// deliveries gives those from number from to end, exclusive, page by page.
func deliveries(s source, m *message, from, end int) ([]Delivery, error) {
	var list []Delivery
	for from < end {
		n := from / rooms.PageSize
		p, _, err := read[page](s, pageKey(m.header.UMID, n))
		if err != nil {
			return nil, err
		}
		for ; from < end && from/rooms.PageSize == n; from++ {
			list = append(list, p.delivery(m.base, n, from%rooms.PageSize))
		}
	}
	return list, nil
}

// each reads messages in the given order; those that are not known are left out.
func each(s source, umids []packed, fn func(*message)) error {
	keys := make([]string, len(umids))
	for i, u := range umids {
		keys[i] = messageKey(rooms.UMID(u.String()))
	}
	values, err := s.get(keys...)
	if err != nil {
		return err
	}
	for i, key := range keys {
		var m message
		if raw, ok := values[key]; !ok {
			continue
		} else if err := m.unpack(raw); err != nil {
			return err
		}
		m.name(rooms.UMID(umids[i].String()))
		if m.known {
			fn(&m)
		}
	}
	return nil
}
