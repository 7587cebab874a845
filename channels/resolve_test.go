package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Sent has the history know what providers have confirmed.
func (h *history) Sent(ctx context.Context, provider, id string, wait bool) (rooms.Confirmation, bool, error) {
	if wait {
		if _, err := h.State(ctx, rooms.DeliveryID{}); err != nil {
			return rooms.Confirmation{}, false, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, events := range h.seen {
		for _, e := range events {
			for _, c := range rooms.Confirmations(e) {
				if c.Provider == provider && c.ID == rooms.SameProviderID(id) {
					return c, true, nil
				}
			}
		}
	}
	return rooms.Confirmation{}, false, nil
}

// centre gives each delivery the ids that it is told, and knows deliveries by nothing else.
type centre struct {
	mu       sync.Mutex
	ids      map[int]string // by the number of the recipient
	before   func(id string)
	receipts chan Receipt
	taken    chan error
}

func newCentre(ids map[int]string) *centre {
	return &centre{ids: ids, receipts: make(chan Receipt), taken: make(chan error, 1)}
}

func (c *centre) Send(_ context.Context, d rooms.Delivery) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.before != nil {
		c.before(c.ids[d.ID.N])
	}
	return Outcome{Result: Sent, ProviderID: c.ids[d.ID.N], Receipt: true}
}

func (c *centre) Receipts(ctx context.Context, fn func(context.Context, Receipt) error) error {
	for {
		select {
		case r := <-c.receipts:
			c.taken <- fn(ctx, r)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// says has the bridge hear a receipt, and waits until it is durable.
func (c *centre) says(t *testing.T, id string, s rooms.Status) {
	t.Helper()
	c.receipts <- receiptOf(id, s)
	if err := <-c.taken; err != nil {
		t.Fatal(err)
	}
}

func receiptOf(id string, s rooms.Status) Receipt {
	return Receipt{ProviderID: id, Channel: rooms.SMS, Status: s, At: time.Now().UTC()}
}

// byID is a bridge whose provider names deliveries by its own ids.
func byID(t *testing.T, ids map[int]string) (*rig, *centre, rooms.UMID) {
	r, c := newRig(t), newCentre(ids)
	d := r.deps(c)
	d.Confirmed = r.history
	r.runWith(Options{}, d)
	return r, c, r.publish(rooms.Normal, true, rooms.SMS, len(ids))
}

func TestReceiptsByTheProvidersID(t *testing.T) {
	r, c, u := byID(t, map[int]string{0: "0A1", 1: "b,c", 2: "d,e", 3: "ff"})
	for n := range 4 {
		r.eventually("sent", r.happened(rooms.DeliveryID{UMID: u, N: n}, "sent 1"))
	}
	of := func(n int) rooms.DeliveryID { return rooms.DeliveryID{UMID: u, N: n} }
	c.says(t, "a1", rooms.Delivered) // zeros and case do not matter
	r.eventually("one part", r.happened(of(0), "sent 1, delivered 1"))
	c.says(t, "c", rooms.Delivered)
	c.says(t, "d", rooms.Delivered)
	c.says(t, "e", rooms.Failed)
	r.eventually("a part that failed", r.happened(of(2), "sent 1, failed 1 bounced"))
	if err := r.happened(of(1), "sent 1")(); err != nil {
		t.Errorf("half a text: %v", err)
	}
	c.says(t, "b", rooms.Delivered)
	r.eventually("both parts", r.happened(of(1), "sent 1, delivered 1"))
	c.says(t, "255", rooms.Delivered)
	r.eventually("ff in decimal", r.happened(of(3), "sent 1, delivered 1"))
	r.eventually("the shelf", r.parked(1)) // of the text that has failed
}

// parked complains unless so many receipts wait.
func (r *rig) parked(want int) func() error {
	return func() error {
		all, _, err := r.log.ParkedReceipts(r.Context(), 1, 100)
		if err == nil && len(all) != want {
			err = fmt.Errorf("%d receipts wait, want %d", len(all), want)
		}
		return err
	}
}

// A receipt may come before the answer of which it speaks.
func TestReceiptBeforeItsAnswer(t *testing.T) {
	r := newRig(t)
	c := newCentre(map[int]string{0: "7"})
	c.before = func(id string) {
		c.receipts <- receiptOf(id, rooms.Delivered)
	}
	d := r.deps(c)
	d.Confirmed = r.history
	r.runWith(Options{}, d)
	u := r.publish(rooms.Normal, true, rooms.SMS, 1)
	r.eventually("delivered", r.happened(rooms.DeliveryID{UMID: u}, "sent 1, delivered 1"))
	if err := <-c.taken; err != nil {
		t.Error(err)
	}
	r.eventually("the shelf", r.parked(0))
}

// What matches nothing is answered all the same, waits over a restart, and finds its message when that is known.
func TestReceiptThatMatchesNothingYet(t *testing.T) {
	r := newRig(t)
	c := newCentre(nil)
	d := r.deps(c)
	d.Confirmed = r.history
	stop, wait := r.runWith(Options{}, d)
	c.says(t, "late", rooms.Delivered)
	c.says(t, "late", rooms.Delivered)
	c.says(t, "never", rooms.Delivered)
	r.eventually("the shelf", r.parked(2))
	r.eventually("counted", func() error {
		if n := r.metrics.GetOrCreateCounter(`crier_channel_receipts_unmatched`).Get(); n != 2 {
			return fmt.Errorf("%d are counted as unmatched, want 2", n)
		}
		return nil
	})
	stop()
	wait()
	r.down()
	r.up()
	id := rooms.DeliveryID{UMID: "01JDB6T0G00000000000000777", N: 4}
	sent := rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: id.UMID, N: id.N, Attempt: 2, Round: 1, Channel: rooms.SMS,
		Provider: "test", ProviderID: "LATE", Receipt: true, At: time.Now().UTC()}
	if err := r.log.Record(r.Context(), sent); err != nil {
		t.Fatal(err)
	}
	d = r.deps(c)
	d.Confirmed = r.history
	r.runWith(Options{}, d)
	r.eventually("rejoined", r.happened(id, "sent 2, delivered 2"))
	r.eventually("the shelf", r.parked(1))
}

func TestReceiptThatCannotBeParkedIsRefused(t *testing.T) {
	r := newRig(t)
	broken := errors.New("no disk")
	res := resolver{receiver{now: time.Now}, newLately(), r.history, brokenShelf{broken}, func() { t.Error("it is not parked") }}
	if err := res.take(t.Context(), receiptOf("x", rooms.Delivered)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type brokenShelf struct{ err error }

func (b brokenShelf) ParkReceipt(context.Context, rooms.ParkedReceipt) error { return b.err }
func (b brokenShelf) DropReceipt(context.Context, uint64) error              { return b.err }
func (b brokenShelf) ParkedReceipts(context.Context, uint64, int) ([]rooms.ParkedReceipt, uint64, error) {
	return nil, 0, b.err
}

func TestLatelyIsBounded(t *testing.T) {
	l := newLately()
	e := rooms.Event{Kind: rooms.EventSent, Receipt: true, Channel: rooms.SMS, Provider: "test"}
	for i := range 5 * latelyLimit {
		e.N, e.ProviderID = i, fmt.Sprint(i)
		l.note(e)
	}
	if n := len(l.now) + len(l.before); n < latelyLimit || n > 2*latelyLimit {
		t.Errorf("%d are remembered", n)
	}
	if c, ok := l.find(t.Context(), "test", e.ProviderID, 0); !ok || c.N != e.N {
		t.Errorf("the last is not: %+v", c)
	}
	if _, ok := l.find(t.Context(), "other", e.ProviderID, time.Millisecond); ok || len(l.waiting) != 0 {
		t.Errorf("%v, %d wait", ok, len(l.waiting))
	}
}

func TestReadings(t *testing.T) {
	for id, want := range map[string]string{
		"10": "[a 16]", "ff": "[255]", "a-b": "[]", "": "[]", "9": "[]", "0": "[]", "-1": "[]", "00ff": "[255]",
	} {
		if got := fmt.Sprint(readings(id)); got != want {
			t.Errorf("%q: %s, want %s", id, got, want)
		}
	}
}

// What cannot be looked up for the moment is made durable all the same.
func TestReceiptIsParkedWhereTheIndexIsSilent(t *testing.T) {
	for name, confirmed := range map[string]silent{"at once": {}, "in the end": {wait: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parked := 0
				res := resolver{receiver{now: time.Now}, newLately(), confirmed, brokenShelf{}, func() { parked++ }}
				began := time.Now()
				if err := res.take(t.Context(), receiptOf("x", rooms.Delivered)); err != nil || parked != 1 {
					t.Errorf("%v, %d are parked", err, parked)
				}
				if took := time.Since(began); took > 2*findPatience {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// silent knows nothing, and may take its time to say so.
type silent struct{ wait bool }

func (s silent) Sent(ctx context.Context, _, _ string, wait bool) (c rooms.Confirmation, known bool, err error) {
	if !wait {
		return c, false, nil
	}
	if s.wait {
		<-ctx.Done()
	}
	return c, false, errors.New("the index is begun anew")
}

// A receipt of a message that nobody knows is not taken for that of another one.
func TestStrayReceiptIsOfNoOtherMessage(t *testing.T) {
	r := newRig(t)
	park := func(id string, s rooms.Status, heard time.Time) {
		t.Helper()
		p := rooms.ParkedReceipt{Channel: rooms.SMS, Provider: "test", ProviderID: id, Status: s, At: heard, Heard: heard}
		if err := r.log.ParkReceipt(r.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-time.Hour).UTC()
	park("f0", rooms.Failed, long)     // the centre has begun to count anew
	park("241", rooms.Delivered, long) // likewise, as f1
	c := newCentre(map[int]string{0: "f0", 1: "f1", 2: "f2", 3: "f3"})
	d := r.deps(c)
	d.Confirmed = r.history
	r.runWith(Options{}, d)
	c.says(t, "242", rooms.Failed) // f2, if it were written otherwise
	u := r.publish(rooms.Normal, true, rooms.SMS, 4)
	of := func(n int) rooms.DeliveryID { return rooms.DeliveryID{UMID: u, N: n} }
	for n := range 4 {
		r.eventually("sent", r.happened(of(n), "sent 1"))
	}
	c.says(t, "243", rooms.Failed)
	park("243", rooms.Delivered, time.Now().UTC()) // of which is seen that all were looked at
	r.eventually("f3 in decimal", r.happened(of(3), "sent 1, delivered 1"))
	r.eventually("the shelf", r.parked(4))
	for n := range 3 {
		if err := r.happened(of(n), "sent 1")(); err != nil {
			t.Error(err)
		}
	}
}
