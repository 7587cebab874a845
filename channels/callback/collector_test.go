package callback

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
)

// ledger is a log, an index and a queue that writes down what is stored.
type ledger struct {
	world
	events chan []rooms.Event
	from   uint64

	mu      sync.Mutex
	clients []stream.ClientEntry
	fail    int // so many calls to come
	stored  []string
}

func (l *ledger) TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error {
	l.from = after
	for {
		select {
		case e := <-l.events:
			if err := fn(e); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *ledger) EventsEnd(context.Context) (uint64, error) { return 100, nil }

func (l *ledger) Message(u rooms.UMID) (index.Summary, error) {
	m := index.Summary{Header: rooms.Header{UMID: u, Room: "newborn", Publisher: rooms.Client("of " + u[25:]), Sequence: 5}}
	m.Callback = u[25:] == "3"
	return m, nil
}

func (l *ledger) Clients(context.Context) ([]stream.ClientEntry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail > 0 {
		l.fail--
		return nil, errTest
	}
	return l.clients, nil
}

// bodies is the room's log.
type bodies struct{ *ledger }

func (bodies) Message(_ context.Context, sequence uint64) (rooms.Message, error) {
	slip := rooms.Slip{TransactionID: "t", Callback: "https://own.example/"}
	return rooms.Message{Header: rooms.Header{UMID: of(3), Sequence: sequence}, Sealed: slip.Encode()}, nil
}

func (l *ledger) CallbackCursor(context.Context) (uint64, bool, error) { return 0, false, nil }

func (l *ledger) MoveCallbackCursor(_ context.Context, event uint64) error {
	return l.note(fmt.Sprint("at ", event))
}

func (l *ledger) AddCallbacks(_ context.Context, calls []rooms.Callback) error {
	for _, c := range calls {
		if err := l.note(fmt.Sprintf("%s %d %s", c.Publisher, c.Event, c.To)); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) note(line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = append(l.stored, line)
	return nil
}

func of(n int) rooms.UMID { return rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)) }

func TestChangesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{events: make(chan []rooms.Event), clients: []stream.ClientEntry{{Client: "of 1"}, {Client: "of 3"}}}
		c := Collector{Log: bodies{l}, Queue: l, Index: l, Vault: l, Logger: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		event := func(sequence uint64, message int, kind rooms.Kind) rooms.Event {
			return rooms.Event{Sequence: sequence, UMID: of(message), Kind: kind}
		}
		wants := func(want ...string) {
			t.Helper()
			time.Sleep(every) // of the bubble's own time
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if fmt.Sprint(l.stored) != fmt.Sprint(want) {
				t.Errorf("stored %q, want %q", l.stored, want)
			}
			l.stored = nil
		}
		l.events <- []rooms.Event{event(101, 1, rooms.EventAccepted), event(102, 2, rooms.EventAccepted), event(103, 3, rooms.EventSent)}
		l.events <- []rooms.Event{event(104, 1, rooms.EventSent), {Sequence: 105}} // one that nobody can read
		wants("of 3 103 https://own.example/", "of 1 104 ", "at 105")
		if l.from != 100 {
			t.Errorf("begun after %d", l.from)
		}
		wants() // nothing has changed
		l.events <- []rooms.Event{event(106, 1, rooms.EventErased)}
		wants("at 106")
		l.mu.Lock()
		l.fail = 2
		l.mu.Unlock()
		l.events <- []rooms.Event{event(107, 1, rooms.EventDelivered)}
		wants()
		wants()
		wants("of 1 107 ", "at 107") // once the log answers
		l.mu.Lock()
		l.clients = nil
		l.mu.Unlock()
		l.events <- []rooms.Event{event(108, 1, rooms.EventDelivered)}
		wants("at 108")
		stop()
		if err := <-ended; err == nil {
			t.Error("ended without a reason")
		}
	})
}

// While nothing can be stored, no more is taken than fits the memory.
func TestGatheringIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{events: make(chan []rooms.Event), fail: 1 << 30}
		c := Collector{Log: bodies{l}, Queue: l, Index: l, Vault: l, Logger: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		taken := 0
		for full := false; !full && taken < 100; {
			batch := make([]rooms.Event, 1000)
			for i := range batch {
				batch[i] = rooms.Event{Sequence: uint64(101 + taken*1000 + i), UMID: of(taken*1000 + i), Kind: rooms.EventSent}
			}
			select {
			case l.events <- batch:
				taken++
			case <-time.After(time.Hour): // of the bubble's own time
				full = true
			}
		}
		if taken > 2*most/1000+2 {
			t.Errorf("%d thousand events were taken", taken)
		}
		stop()
		if err := <-ended; err == nil {
			t.Error("ended without a reason")
		}
	})
}
