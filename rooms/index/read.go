package index

import (
	"time"

	"github.com/govcrier/crier/rooms"
)

// Summary is a message and what became of it. Times are zero for what has not happened.
type Summary struct {
	rooms.Header
	Recipients  int    // 0 until planned
	Counts      Counts // of deliveries; they sum to Recipients
	FirstSentAt time.Time
	FinishedAt  time.Time // every delivery is terminal, or sent where no receipt comes
	ErasedAt    time.Time // of the body
	Wrong       int       // of the failed: those that nobody wanted to fail, and nobody has dropped
	Helpable    int       // of the failed and the undecided: those that can be tried anew
	Undecided   int       // of the errored: nobody knows whether they were sent, and a person is to say what follows
	Dead        int       // of the failed and the undecided: those that went wrong, and that nobody has dropped
	Control     rooms.Control
	Waiting
}

// Counts are the deliveries of a message by status; each counts once.
type Counts struct {
	Pending, Queued, Sent, Delivered, Errored, Failed int
}

// Delivery is one recipient of a message. Channel is empty while none is known, times are
// zero for what has not happened.
type Delivery struct {
	N       int
	Channel rooms.Channel
	rooms.State
	QueuedAt, SentAt time.Time
	Dropped          bool   // a person has said that it is not to be tried anew
	Entry            uint64 // of what has failed or is undecided: where in EVENTS it says so; 0 if that is not known
}

// view reads one snapshot. An index that finds a damaged value is begun anew by the writer.
func (x *Index) view(fn func(source) error) error {
	s := x.store.Load()
	if s == nil {
		return ErrClosed
	}
	err := s.view(fn)
	if damaged(err) {
		x.suspect.Store(true)
	}
	return err
}

// Lookup gives the first of the transaction ids that is known; false if none is.
func (x *Index) Lookup(txids ...string) (Known, bool, error) {
	s := x.store.Load()
	if s == nil {
		return Known{}, false, ErrClosed
	}
	var keys []string
	for _, id := range txids {
		if s.ids.may(id) {
			keys = append(keys, txKey(id))
		}
	}
	if len(keys) == 0 {
		return Known{}, false, nil
	}
	var known Known
	found := false
	err := x.view(func(s source) error {
		values, err := s.get(keys...)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if raw, ok := values[key]; ok {
				found = true
				return known.unpack(raw)
			}
		}
		return nil
	})
	return known, found && err == nil, err
}

// Message gives a message, or ErrUnknown until its header is folded.
func (x *Index) Message(u rooms.UMID) (Summary, error) {
	var sum Summary
	err := x.view(func(s source) error {
		m, err := readMessage(s, u)
		if err == nil {
			sum = m.summary()
		}
		return err
	})
	return sum, err
}

// State gives the state of one delivery; pending if nothing is known of it.
func (x *Index) State(id rooms.DeliveryID) (rooms.State, error) {
	pending := rooms.State{Status: rooms.Pending}
	if id.N < 0 {
		return pending, nil
	}
	err := x.view(func(s source) error {
		p, _, err := read[page](s, pageKey(id.UMID, id.N/rooms.PageSize))
		if err == nil {
			pending = p.slot(id.N % rooms.PageSize).state(id.UMID.Time().UnixMilli())
		}
		return err
	})
	return pending, err
}

// readMessage gives a message whose header is known.
func readMessage(s source, u rooms.UMID) (*message, error) {
	m, _, err := read[message](s, messageKey(u))
	if err != nil {
		return nil, err
	}
	if !m.known {
		return nil, ErrUnknown
	}
	m.name(u)
	return m, nil
}

func (m *message) summary() Summary {
	s := Summary{
		Header:      m.header,
		Recipients:  m.total(),
		Counts:      m.named(),
		FirstSentAt: tickTime(m.base, m.firstSent),
		ErasedAt:    tickTime(m.base, m.erased),
		Wrong:       m.wrong, Helpable: m.helpable, Undecided: m.undecided, Dead: m.dead, Control: m.control,
	}
	s.Control.UMID = m.header.UMID
	if m.finished() {
		s.FinishedAt = tickTime(m.base, max(m.lastDone, m.firstSent)) // a receipt's clock may lag behind
	}
	m.summarize(&s)
	return s
}

func (m *message) named() Counts {
	return Counts{
		Pending:   m.total() - m.started(),
		Queued:    m.counts[stateQueued],
		Sent:      m.counts[stateSent],
		Delivered: m.counts[stateDelivered],
		Errored:   m.counts[stateErrored],
		Failed:    m.counts[stateFailed],
	}
}
