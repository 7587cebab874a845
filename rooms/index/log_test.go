package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
)

var _ Log = (*fakeLog)(nil)

// fakeLog is a log in memory: what is appended reaches the tails that wait.
type fakeLog struct {
	mu      sync.Mutex
	headers []rooms.Header
	events  []rooms.Event
	grown   chan struct{}
	fail    error // given by the next tail
}

func newFakeLog() *fakeLog { return &fakeLog{grown: make(chan struct{})} }

func (l *fakeLog) add(headers []rooms.Header, events []rooms.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range headers {
		h.Sequence = uint64(len(l.headers) + 1)
		l.headers = append(l.headers, h)
	}
	for _, e := range events {
		e.Sequence = uint64(len(l.events) + 1)
		l.events = append(l.events, e)
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *fakeLog) Ends(context.Context) (uint64, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.headers)), uint64(len(l.events)), nil
}

func (l *fakeLog) TailHeaders(ctx context.Context, after uint64, fn func([]rooms.Header) error) error {
	return tail(ctx, l, &l.headers, after, fn)
}

func (l *fakeLog) TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error {
	return tail(ctx, l, &l.events, after, fn)
}

func tail[T any](ctx context.Context, l *fakeLog, entries *[]T, after uint64, fn func([]T) error) error {
	for {
		l.mu.Lock()
		part, grown, fail := (*entries)[after:], l.grown, l.fail
		l.fail = nil
		l.mu.Unlock()
		if fail != nil {
			return fail
		}
		if len(part) == 0 {
			select {
			case <-grown:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		part = part[:min(len(part), 1000)]
		if err := fn(part); err != nil {
			return err
		}
		after += uint64(len(part))
	}
}

// dawn is when the messages of tests begin to arrive.
var dawn = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// clock stands shortly after dawn, so that nothing is old.
func clock() time.Time { return dawn.Add(time.Hour) }

// umid is the UMID of the n-th message, one a second.
func umid(n int) rooms.UMID {
	var u ulid.ULID
	_ = u.SetTime(uint64(dawn.Add(time.Duration(n) * time.Second).UnixMilli()))
	u[15], u[14], u[13] = byte(n), byte(n>>8), byte(n>>16)
	return rooms.UMID(u.String())
}

// header is that of the n-th message.
func header(n int) rooms.Header {
	u := umid(n)
	return rooms.Header{
		UMID: u, Room: rooms.Room(fmt.Sprintf("room-%d", n%3)), Type: "reminder", Lane: rooms.Normal,
		Direct: true, Publisher: "hospital-7",
		MHASH:      fmt.Sprintf("mhash-%038d", n),
		TxID:       fmt.Sprintf("%08x-%034d", uint32(n)*2654435761, n),
		Policy:     rooms.Revision{Name: "standard", Revision: 3},
		ReceivedAt: u.Time().Add(123 * time.Microsecond), ExpiresAt: u.Time().Add(24 * time.Hour),
		Recipients: 1, Sequence: uint64(n + 1),
	}
}

func accepted(h rooms.Header) rooms.Event {
	return rooms.Event{Kind: rooms.EventAccepted, Room: h.Room, UMID: h.UMID, At: h.ReceivedAt, Message: &h}
}

// event of the n-th message, so many milliseconds after its acceptance.
func event(n int, k rooms.Kind, ms int) rooms.Event {
	u := umid(n)
	return rooms.Event{Kind: k, Room: header(n).Room, UMID: u, At: u.Time().Add(time.Duration(ms) * time.Millisecond)}
}

func queued(n, page, ms int, marks string) rooms.Event {
	e := event(n, rooms.EventQueued, ms)
	e.Page, e.Marks = page, marks
	return e
}

func delivery(n, recipient, attempt int, k rooms.Kind, ms int) rooms.Event {
	e := event(n, k, ms)
	e.N, e.Attempt, e.Channel, e.Provider = recipient, attempt, rooms.Email, "relay"
	return e
}

// story is what happens to messages from 0 to n, one to three recipients each.
func story(n int, seed uint64) ([]rooms.Header, []rooms.Event) {
	r := rand.New(rand.NewPCG(seed, seed))
	var headers []rooms.Header
	var events []rooms.Event
	for i := range n {
		h := header(i)
		h.Recipients = 1 + r.IntN(3)
		headers = append(headers, h)
		events = append(events, accepted(h), queued(i, 0, 5, "es-"[:h.Recipients]))
		for d := range min(h.Recipients, 1+r.IntN(3)) {
			events = append(events, fate(r, i, d)...)
		}
		if r.IntN(4) == 0 {
			events = append(events, event(i, rooms.EventErased, 90_000))
		}
	}
	return headers, events
}

func fate(r *rand.Rand, message, recipient int) []rooms.Event {
	sent := delivery(message, recipient, 1, rooms.EventSent, 20+r.IntN(50))
	sent.Receipt = r.IntN(2) == 0
	errored := delivery(message, recipient, 1, rooms.EventErrored, 20)
	errored.Reason = rooms.TimedOut
	failed := delivery(message, recipient, 2, rooms.EventFailed, 900)
	failed.Reason = rooms.Bounced
	switch r.IntN(4) {
	case 0:
		return []rooms.Event{sent}
	case 1:
		return []rooms.Event{sent, delivery(message, recipient, 1, rooms.EventDelivered, 400)}
	case 2:
		return []rooms.Event{errored, delivery(message, recipient, 2, rooms.EventSent, 500), failed}
	}
	return []rooms.Event{errored}
}

func testOptions(tb testing.TB) Options {
	return Options{Path: filepath.Join(tb.TempDir(), "index.db"), Now: clock, Pause: time.Millisecond}
}

func open(tb testing.TB, o Options) *Index {
	tb.Helper()
	x, err := Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := x.Close(); err != nil {
			tb.Error(err)
		}
	})
	return x
}

// run folds a log in the background until the test ends.
func run(tb testing.TB, x *Index, l Log) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx, l) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
}

// await returns when the log is folded to its end.
func await(tb testing.TB, x *Index, l Log) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := x.Wait(ctx, l); err != nil {
		m, e := x.Position()
		tb.Fatalf("waiting for the fold, which stands at %d, %d: %v", m, e, err)
	}
}
