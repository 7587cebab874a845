package index

import (
	"encoding/binary"
	"errors"

	"github.com/govcrier/crier/rooms"
)

// errDamaged is wrapped by every value that cannot be read; the file is begun anew.
var errDamaged = errors.New("index: a value is damaged")

// page holds the slots of up to rooms.PageSize deliveries as they are stored: when the page
// was queued, how many recipients its marks had, how many slots follow, then the slots; and where it stands what happened to
// them.
type page struct {
	raw   []byte
	steps steps
}

const (
	slotsAt  = tickSize + 2
	pageHead = slotsAt + 2
)

func (p *page) size() int { return cap(p.raw) + cap(p.steps.raw) }

func (p *page) pack() []byte {
	if len(p.raw) == 0 {
		return nil
	}
	binary.BigEndian.PutUint16(p.raw[slotsAt:], uint16(p.len())) //nolint:gosec // at most rooms.PageSize
	return p.steps.pack(p.raw)
}

func (p *page) unpack(raw []byte) error {
	if len(raw) < pageHead {
		return errDamaged
	}
	end := pageHead + int(binary.BigEndian.Uint16(raw[slotsAt:]))*slotSize
	if len(raw) < end {
		return errDamaged
	}
	p.raw = raw[:end:end]
	if err := p.steps.unpack(raw[end:]); err != nil {
		return err
	}
	reasons, channels := byte(len(rooms.Reasons())), byte(len(rooms.Channels()))
	for i := range p.len() {
		if s := p.slot(i); s.status >= statuses || s.reason >= reasons || s.channel > channels {
			return errDamaged
		}
	}
	return nil
}

func (p *page) len() int {
	return max(len(p.raw)-pageHead, 0) / slotSize
}

// slot is the i-th delivery of the page; pending if nothing is known of it.
func (p *page) slot(i int) slot {
	if i >= p.len() {
		return slot{}
	}
	return getSlot(p.raw[pageHead+i*slotSize:])
}

func (p *page) set(i int, s slot) {
	p.grow(i + 1)
	s.put(p.raw[pageHead+i*slotSize:])
}

func (p *page) grow(slots int) {
	if want := pageHead + slots*slotSize; want > len(p.raw) {
		p.raw = append(p.raw, make([]byte, want-len(p.raw))...)
	}
}

// queue remembers when the first count recipients were queued.
func (p *page) queue(at uint64, count int) {
	p.grow(0)
	putTick(p.raw, earliest(getTick(p.raw), at))
	count = max(count, p.marked())
	p.raw[tickSize], p.raw[tickSize+1] = byte(count>>8), byte(count)
}

func (p *page) marked() int {
	if len(p.raw) < pageHead {
		return 0
	}
	return int(p.raw[tickSize])<<8 | int(p.raw[tickSize+1])
}

// queuedAt is the tick at which the i-th delivery became a job; 0 if it did not.
func (p *page) queuedAt(i int) uint64 {
	if i >= p.marked() || p.slot(i).channel == 0 {
		return 0
	}
	return getTick(p.raw)
}

// delivery tells of the i-th delivery of page number n of a message. A receipt has the time of the provider's clock: if
// that lags behind, the delivery arrived when it was sent.
func (p *page) delivery(base int64, n, i int) Delivery {
	s := p.slot(i)
	s.at = max(s.at, s.sent)
	return Delivery{
		N:        n*rooms.PageSize + i,
		Channel:  s.channelName(),
		State:    s.state(base),
		Dropped:  s.isDropped(),
		Entry:    s.entry,
		QueuedAt: tickTime(base, p.queuedAt(i)),
		SentAt:   tickTime(base, s.sent),
	}
}
