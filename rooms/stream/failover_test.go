package stream

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// serves waits until a node's own replica of the room's log answers direct gets, which begins some
// seconds after it was made: cut off from the others, nobody else can.
func (n *nodes) serves(t *testing.T, w *wires, node int) {
	t.Helper()
	first, _, err := n.logs[(node+1)%3].Append(t.Context(), someMessage(1000))
	if err != nil {
		t.Fatal(err)
	}
	look := func(read func(context.Context, string, get) (stored, error)) func() error {
		return func() error {
			return n.logs[node].options.patience().once(t.Context(), func(ctx context.Context) error {
				_, err := read(ctx, streamRooms, get{Sequence: first})
				return err
			})
		}
	}
	until(t, func() error { return n.current(t, streamRooms) })
	w.isolate(node)
	until(t, look(n.logs[node].direct))
	w.mend(node)
	until(t, look(n.logs[node].askLeader))
}

// bigMessage has a body that takes a slow wire long.
func bigMessage(n int) rooms.Message {
	m := someMessage(n)
	m.Payload = noise(256 << 10)
	return m
}

func someSubscribers(from, count int) []rooms.Subscriber {
	subs := make([]rooms.Subscriber, count)
	for i := range subs {
		subs[i] = rooms.Subscriber{ID: subscriberID(from + i), Room: "newborn", Channel: rooms.SMS, Contact: noise(4000), Since: time.Now().UTC()}
	}
	return subs
}

// noise is what servers that compress their traffic cannot make small.
func noise(bytes int) []byte {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return b
}

// laggards are three nodes, one of which gets everything late.
type laggards struct {
	*nodes
	*wires
	lead, behind int
	room         rooms.Room
	count        int // of subscribers
}

// What a replica that lags does not have yet is there all the same.
func TestReplicaThatLags(t *testing.T) {
	n, w := wiredNodes(t)
	l := &laggards{nodes: n, wires: w, lead: 0, behind: 1, room: "newborn"}
	n.makeLeader(t, streamRooms, l.lead)
	n.makeLeader(t, streamSubscribers, l.lead)
	t.Run("messages", l.messages)
	w.mend(l.behind)
	t.Run("subscribers", l.subscribers)
}

// lag stores until what was stored last has not reached the replica of the slow node. A replica that
// was made a moment ago answers nothing yet; the leader does.
func (l *laggards) lag(t *testing.T, stream string, store func() (last get)) {
	t.Helper()
	until(t, func() error {
		l.slow[l.behind].Store(false)
		until(t, func() error { return l.current(t, stream) })
		l.slow[l.behind].Store(true)
		last := store()
		for range 10 { // a moment is not yet a lag
			if _, err := l.logs[l.behind].direct(t.Context(), stream, last); !errors.Is(err, ErrGone) {
				return fmt.Errorf("the replica does not lag: %w", err)
			}
			pause(t.Context(), 10*time.Millisecond)
		}
		return nil
	})
}

func (l *laggards) messages(t *testing.T) {
	here, there := l.logs[l.lead], l.logs[l.behind]
	var sequence uint64
	stored := 0
	l.lag(t, streamRooms, func() get {
		var all sync.WaitGroup
		for range 8 {
			m := someMessage(stored)
			m.Payload = noise(64 << 10)
			stored++
			all.Go(func() {
				if _, _, err := here.Append(t.Context(), m); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		stored++
		var err error
		if sequence, _, err = here.Append(t.Context(), someMessage(stored)); err != nil {
			t.Error(err)
		}
		return get{Sequence: sequence}
	})
	if m, err := there.Message(t.Context(), sequence); err != nil || m.Sequence != sequence {
		t.Errorf("the last message is %d, %v, want %d", m.Sequence, err, sequence)
	}
	if end, _, err := there.Ends(t.Context()); err != nil || end < sequence {
		t.Errorf("the end is %d, %v, want %d", end, err, sequence)
	}
}

// add stores subscribers; the last of them is new to the replica that lags.
func (l *laggards) add(t *testing.T) get {
	subs := make([]rooms.Subscriber, 8)
	for i := range subs {
		subs[i] = rooms.Subscriber{ID: subscriberID(l.count), Room: l.room, Channel: rooms.SMS, Contact: noise(48 << 10), Since: time.Now().UTC()}
		l.count++
	}
	subs[len(subs)-1].Contact = nil
	if err := l.logs[l.lead].AddSubscribers(t.Context(), subs); err != nil {
		t.Error(err)
	}
	return get{Last: rooms.SubscriberSubject(l.room, subscriberID(l.count-1))}
}

func subscriberID(n int) rooms.SubscriberID {
	return rooms.SubscriberID(base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%020d", n)))
}

// subscribers are there, and who has left is not, on a replica that knows neither yet.
func (l *laggards) subscribers(t *testing.T) {
	here, there := l.logs[l.lead], l.logs[l.behind]
	l.add(t)
	gone := 0
	for what, look := range map[string]func(left, last rooms.SubscriberID) error{
		"find two": func(left, last rooms.SubscriberID) error {
			found, err := there.FindSubscribers(t.Context(), l.room, []rooms.SubscriberID{left, last})
			return expect(len(found) == 1 && found[0].ID == last, err)
		},
		"find many": func(left, last rooms.SubscriberID) error {
			ids := []rooms.SubscriberID{left, last}
			for n := range 10 {
				ids = append(ids, subscriberID(1_000_000+n))
			}
			found, err := there.FindSubscribers(t.Context(), l.room, ids)
			return expect(len(found) == 1 && found[0].ID == last, err)
		},
		"read": func(_, last rooms.SubscriberID) error {
			found, err := there.Subscribers(t.Context(), l.room, 0, 1000)
			return expect(len(found) >= l.count-gone-1 && found[len(found)-1].ID == last, err)
		},
		"scan": func(_, last rooms.SubscriberID) error {
			var latest rooms.SubscriberID
			err := there.ScanSubscribers(t.Context(), l.room, 0, func(s rooms.Subscriber) error { latest = s.ID; return nil })
			return expect(latest == last, err)
		},
		"remove": func(left, last rooms.SubscriberID) error {
			err := there.RemoveSubscriber(t.Context(), l.room, left)
			if !errors.Is(err, ErrGone) {
				return fmt.Errorf("who had left: %w", err)
			}
			return there.RemoveSubscriber(t.Context(), l.room, last)
		},
	} {
		l.lag(t, streamSubscribers, func() get { return l.add(t) })
		left, last := subscriberID(gone), subscriberID(l.count-1)
		if err := here.RemoveSubscriber(t.Context(), l.room, left); err != nil {
			t.Fatal(err)
		}
		gone++
		if err := look(left, last); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func expect(right bool, err error) error {
	if err == nil && !right {
		return errors.New("not what is there")
	}
	return err
}

// A tail goes on, and gives everything once, when the leader of everything has gone.
func TestTailOutlivesOtherNodes(t *testing.T) {
	n, w := wiredNodes(t)
	lead := n.leads(t, streamEvents)
	here := n.logs[(lead+1)%3]
	ctx, cancel := context.WithCancel(t.Context())
	var tails sync.WaitGroup
	defer tails.Wait()
	defer cancel()
	var got [8]atomic.Int64 // by tail: an ordered consumer would stand now here, now there
	var order atomic.Bool
	for i := range got {
		tails.Go(func() {
			last := uint64(0)
			_ = here.TailEvents(ctx, 0, func(es []rooms.Event) error {
				for _, e := range es {
					if e.Sequence != last+1 {
						order.Store(true)
					}
					last = e.Sequence
				}
				got[i].Add(int64(len(es)))
				return nil
			})
		})
	}
	record := func(i int) {
		t.Helper()
		if err := here.Record(t.Context(), rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: "01JDB6T0G00000000000000001", N: i, Attempt: 1, At: time.Now().UTC()}); err != nil {
			t.Fatal(err)
		}
		stored := time.Now()
		until(t, func() error {
			for n := range got {
				if told := got[n].Load(); told <= int64(i) {
					return fmt.Errorf("%d events told by tail %d, %d are there", told, n, i+1)
				}
			}
			return nil
		})
		if d := time.Since(stored); d > 3*time.Second {
			t.Errorf("event %d was told after %v", i, d)
		}
	}
	for i := range 100 {
		if i == 50 {
			w.isolate(lead)
		}
		began := time.Now()
		record(i)
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("event %d took %v", i, d)
		} else if i == 50 {
			t.Logf("the next event took %v", d)
		}
	}
	if order.Load() {
		t.Error("not in order")
	}
}
