package release_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // wherever the test runs

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// house is a releaser on a real log, index and vault, with a clock that the test owns.
type house struct {
	*release.Releaser
	publisher *publish.Publisher
	t         *testing.T
	log       *stream.Log
	wires     *wires
	index     *index.Index
	vault     *vault.Vault
	controls  *registry.Controls
	policy    rooms.Policy
	gone      bool // the room
	barred    bool // the publisher
	unsure    error
	from      rooms.Sender // by now; zero: as it was

	mu    sync.Mutex
	now   time.Time
	notes []audit.Entry
}

func newHouse(t *testing.T) *house { return newHouseOn(t, stream.Options{}) }

func newHouseOn(t *testing.T, o stream.Options) *house {
	t.Helper()
	h := &house{t: t, now: time.Now().UTC().Truncate(time.Second)}
	h.policy = rooms.Policy{Revision: rooms.Revision{Name: "standard", Revision: 3}, Expiry: 24 * time.Hour}
	keys := filepath.Join(t.TempDir(), "keys.json")
	must(t, vault.Create(keys))
	var err error
	h.vault, err = vault.Open(t.Context(), vault.Options{KeysFile: keys})
	must(t, err)
	server := brokertest.Start(t)
	h.log, err = stream.Open(t.Context(), server, server.Manifest(), o)
	must(t, err)
	t.Cleanup(h.log.Close)
	h.index, err = index.Open(index.Options{Path: filepath.Join(t.TempDir(), "index.db")})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var fold sync.WaitGroup
	fold.Go(func() { _ = h.index.Run(ctx, h.log) })
	t.Cleanup(func() { cancel(); fold.Wait(); _ = h.index.Close() })
	h.controls = registry.NewControls(h.log, h.clock, slog.New(slog.DiscardHandler))
	h.wires = &wires{Log: h.log, wakes: map[rooms.UMID]time.Time{}, last: map[rooms.UMID]rooms.Wake{}}
	h.Releaser = &release.Releaser{
		Options: release.Options{}.WithDefaults(), Log: h.wires, Memory: h, Vault: h.vault, Controls: h.controls, Rooms: h,
		Publishers: h, Policies: h, Audit: h, Logger: slog.New(slog.DiscardHandler), Now: h.clock,
	}
	h.publisher = &publish.Publisher{
		Log: h.wires, Memory: recall{h}, Vault: h.vault, Verifier: h.vault, Policies: ofRoom{h}, Holder: h.Releaser, Now: h.clock,
	}
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass lets time pass.
func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = at
}

// The house is what a releaser asks.

func (h *house) Wait(ctx context.Context) error { return h.index.Wait(ctx, h.log) }

func (h *house) Known(u rooms.UMID) (release.Known, bool, error) {
	m, err := h.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		return release.Known{}, false, nil
	}
	return release.Known{Header: m.Header, Waits: m.Held, Sent: m.Readable, Control: m.Control}, err == nil, err
}

func (h *house) Waiting(c rooms.Client, most int) (int, error) { return h.index.Waiting(c, most) }

func (h *house) Stands(context.Context, rooms.Header) (bool, error) { return !h.gone, nil }

func (h *house) May(_ context.Context, _ rooms.Header, from rooms.Sender) (rooms.Sender, bool, error) {
	if h.from.Form() != nil {
		from = h.from
	}
	return from, !h.barred, h.unsure
}

func (h *house) Policy(context.Context, rooms.Revision) (rooms.Policy, error) { return h.policy, nil }

func (h *house) Record(_ context.Context, entries ...audit.Entry) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, entries...)
	return nil
}

// ofRoom gives the rules of every room.
type ofRoom struct{ h *house }

func (o ofRoom) Policy(context.Context, rooms.Room) (rooms.Policy, error) { return o.h.policy, nil }

// recall is the index as a publisher's memory.
type recall struct{ h *house }

func (r recall) Wait(ctx context.Context) error { return r.h.Wait(ctx) }

func (r recall) Lookup(txids ...string) (publish.Known, bool, error) {
	k, ok, err := r.h.index.Lookup(txids...)
	return publish.Known{UMID: k.UMID, MHASH: k.MHASH, Room: k.Room}, ok, err
}

// wires are the log, of which one call may fail: not done, or done without an answer.
type wires struct {
	*stream.Log
	mu    sync.Mutex
	calls int
	fail  int // the number of the call, from 1; 0: none
	done  bool
	wakes map[rooms.UMID]time.Time
	last  map[rooms.UMID]rooms.Wake
}

var errCut = errors.New("the wire is cut")

// call makes a call, or the one that fails.
func (w *wires) call(do func() error) error {
	w.mu.Lock()
	w.calls++
	cut, done := w.calls == w.fail, w.done
	w.mu.Unlock()
	if cut && !done {
		return errCut
	}
	if err := do(); err != nil || !cut {
		return err
	}
	return errCut
}

func (w *wires) Append(ctx context.Context, m rooms.Message) (sequence uint64, known bool, err error) {
	err = w.call(func() error {
		sequence, known, err = w.Log.Append(ctx, m)
		return err
	})
	return sequence, known, err
}

func (w *wires) Erase(ctx context.Context, sequence uint64) error {
	return w.call(func() error { return w.Log.Erase(ctx, sequence) })
}

func (w *wires) Record(ctx context.Context, events ...rooms.Event) error {
	return w.call(func() error { return w.Log.Record(ctx, events...) })
}

func (w *wires) WakeAt(ctx context.Context, one rooms.Wake, at time.Time) error {
	return w.call(func() error {
		w.mu.Lock()
		w.wakes[one.UMID], w.last[one.UMID] = at, one
		w.mu.Unlock()
		if at.After(time.Now()) { // the test's clock is not the server's
			at = at.AddDate(10, 0, 0)
		}
		return w.Log.WakeAt(ctx, one, at)
	})
}

// cut has the n-th call from now on fail.
func (w *wires) cut(n int, done bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.fail, w.done = 0, n, done
}

// reached says whether the call that was to fail was made.
func (w *wires) reached() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fail > 0 && w.calls >= w.fail
}

func (h *house) wakes(u rooms.UMID) time.Time {
	h.wires.mu.Lock()
	defer h.wires.mu.Unlock()
	return h.wires.wakes[u]
}

// due is what falls due of a message.
func (h *house) due(u rooms.UMID) rooms.Wake {
	h.wires.mu.Lock()
	defer h.wires.mu.Unlock()
	return h.wires.last[u]
}

// entries are all messages in the log.
func (h *house) entries() []rooms.Message {
	h.t.Helper()
	end, _, err := h.log.Ends(h.t.Context())
	must(h.t, err)
	var all []rooms.Message
	for n := range end {
		m, err := h.log.Message(h.t.Context(), n+1)
		if errors.Is(err, stream.ErrGone) {
			continue
		}
		must(h.t, err)
		all = append(all, m)
	}
	return all
}

// sent are those of them that have gone.
func (h *house) sent() []rooms.Message {
	h.t.Helper()
	return slices.DeleteFunc(h.entries(), func(m rooms.Message) bool { return m.Held })
}

func (h *house) waiting() []rooms.Message {
	h.t.Helper()
	return slices.DeleteFunc(h.entries(), func(m rooms.Message) bool { return !m.Held })
}

func (h *house) summary(u rooms.UMID) index.Summary {
	h.t.Helper()
	must(h.t, h.Wait(h.t.Context()))
	s, err := h.index.Message(u)
	must(h.t, err)
	return s
}

func (h *house) look(u rooms.UMID) {
	h.t.Helper()
	must(h.t, h.Look(h.t.Context(), h.due(u)))
}

func (h *house) accept(r publish.Request) publish.Receipt {
	h.t.Helper()
	receipt, err := h.publisher.Publish(h.t.Context(), r)
	must(h.t, err)
	return receipt
}

// forget waits until the log itself no longer knows any identity of before.
func (h *house) forget() {
	h.t.Helper()
	probe := rooms.Message{Header: rooms.Header{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", Room: "probe", Type: "x", Lane: rooms.Normal}, ID: "probe"}
	for times, known := 0, true; known || times < 2; times++ {
		sequence, there, err := h.log.Append(h.t.Context(), probe)
		must(h.t, err)
		must(h.t, h.log.Erase(h.t.Context(), sequence))
		known = there
	}
}

// settle makes passes until nothing waits.
func (h *house) settle() {
	h.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		must(h.t, h.Sweep(h.t.Context()))
		if len(h.waiting()) == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("after 20s %+v waits", h.waiting()[0].Header)
		}
	}
}

// request n is to all subscribers.
func request(n int) publish.Request {
	content := fmt.Sprintf("{ \"text\" :\t\"hello %d\" }", n)
	return publish.Request{
		Client: "hosp-7", Room: "newborn", TransactionID: fmt.Sprintf("hosp-7-%d", n), Reference: "case 42",
		Type: "reminder", Lane: rooms.Normal, Content: []byte(content), Raw: []byte(`{"content":` + content + "}"),
	}
}

func direct(t *testing.T, n int) publish.Request {
	t.Helper()
	email, err := rooms.ParseEmail("dinah@example.com")
	must(t, err)
	r := request(n)
	r.Direct, r.Recipients = true, []rooms.Contact{{Channel: rooms.Email, Address: email, Name: rooms.NewBody("Dinah")}}
	return r
}
