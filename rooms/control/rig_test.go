package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// rig is a node without API, planner and bridge: a real broker, log, vault, index and registry.
type rig struct {
	*testing.T
	log      *stream.Log
	vault    *vault.Vault
	index    *index.Index
	controls *registry.Controls
	people   *registry.Subscribers
	desk     *control.Desk
	made     int

	mu    sync.Mutex
	ahead time.Duration // of the desk's clock
	rules rooms.Policy
	asked int // how often for the rules

	anew error // what an index that is begun anew says of messages
}

func newRig(t *testing.T) *rig {
	t.Helper()
	keys, err := vault.Generate()
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), vault.Options{Keys: string(keys)})
	if err != nil {
		t.Fatal(err)
	}
	s := brokertest.Start(t)
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(index.Options{Path: filepath.Join(t.TempDir(), "index.db"), Keep: 10 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var folding sync.WaitGroup
	folding.Go(func() { _ = x.Run(ctx, l) })
	t.Cleanup(func() { stop(); l.Close(); folding.Wait(); _ = x.Close() })
	r := &rig{T: t, log: l, vault: v, index: x, people: registry.NewSubscribers(l, v), rules: rooms.Policy{Expiry: time.Hour}}
	r.controls = registry.NewControls(l, time.Now, slog.New(slog.DiscardHandler))
	r.desk = &control.Desk{Controls: r.controls, Index: standings{r}, Log: l, Policies: r, Vault: v, Now: r.now}
	return r
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.ahead)
}

// wait moves the clock of desk and keeper.
func (r *rig) wait(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead += d
}

// Policy has everybody's rules.
func (r *rig) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return r.rules, nil
}

// counted waits until a holder has counted all that has failed so far.
func (r *rig) counted(h *control.Holder, m rooms.Message) {
	r.Helper()
	r.folded()
	for range 2 { // a count that was under way does not tell
		r.mu.Lock()
		before := r.asked
		r.mu.Unlock()
		h.Failed(m.UMID)
		r.eventually("counted", func() string {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.asked == before && r.controls.Of(m.UMID).Runs() {
				return "not yet"
			}
			return ""
		})
	}
}

type standings struct{ *rig }

func (s standings) Standing(u rooms.UMID) (control.Standing, error) {
	if err := s.unread(); err != nil {
		return control.Standing{}, err
	}
	m, err := s.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		err = fmt.Errorf("%w: %w", control.ErrUnknown, err)
	}
	return control.Standing{
		Header: m.Header, Finished: !m.FinishedAt.IsZero(), Erased: !m.ErasedAt.IsZero(),
		Failed: m.Counts.Failed, Errored: m.Counts.Errored, Queued: m.Counts.Queued, Wrong: m.Wrong, Helpable: m.Helpable, Control: m.Control,
	}, err
}

func (s standings) Deliveries(u rooms.UMID, from, limit int) (page []control.Delivery, next int, err error) {
	found, next, err := s.index.Deliveries(u, from, limit)
	for _, d := range found {
		page = append(page, control.Delivery{N: d.N, Channel: d.Channel, State: d.State, Dropped: d.Dropped, Entry: d.Entry})
	}
	return page, next, err
}

func (s standings) Dead(q control.Sweep, from rooms.UMID, limit int) ([]rooms.Header, rooms.UMID, error) {
	return s.index.DeadMessages(index.DeadQuery{Room: q.Room, FailedFilter: q.FailedFilter, Publisher: q.Publisher, From: q.From}, from, limit)
}

func (s standings) State(id rooms.DeliveryID) (rooms.State, error) { return s.index.State(id) }
func (s standings) Wait(ctx context.Context) error                 { return s.index.Wait(ctx, s.log) }

// beginAnew has the index say that of each message, until it is nil; it is not whole until then.
func (r *rig) beginAnew(says error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.anew = says
}

func (r *rig) unread() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.anew
}

func (r *rig) whole(ctx context.Context) error {
	if err := r.unread(); err != nil {
		return err
	}
	return r.index.Wait(ctx, r.log)
}

// keep runs a keeper until the test ends.
func (r *rig) keep() {
	r.Helper()
	k := &control.Keeper{Desk: r.desk, Keep: 24 * time.Hour, Whole: r.whole, Log: slog.New(slog.DiscardHandler)}
	r.background(k.Run)
}

func (r *rig) background(run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = run(ctx) })
	r.Cleanup(func() { stop(); running.Wait() })
}

func (r *rig) contact(n int) rooms.Contact {
	r.Helper()
	a, err := rooms.ParsePhone(fmt.Sprintf("+99655%07d", n))
	if err != nil {
		r.Fatal(err)
	}
	return rooms.Contact{Channel: rooms.SMS, Address: a}
}

// publish stores a message to so many, to named recipients or to subscribers, and says that it is planned.
func (r *rig) publish(count int, direct bool) rooms.Message {
	r.Helper()
	r.made++
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := rooms.Message{Header: rooms.Header{
		UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", r.made)), Room: "newborn", Type: "reminder", Lane: rooms.Bulk, Direct: direct,
		Publisher: "hosp-7", TxID: fmt.Sprint(r.made), ReceivedAt: now, ExpiresAt: now.Add(time.Hour),
	}, Payload: []byte(`{"sms":"x"}`)}
	if direct {
		e := rooms.Envelope{Content: m.Payload}
		for n := range count {
			e.Recipients = append(e.Recipients, r.contact(n))
		}
		plain, err := e.Encode()
		if err != nil {
			r.Fatal(err)
		}
		if m.Payload, err = r.vault.Seal(plain, "envelope", "newborn", string(m.UMID)); err != nil {
			r.Fatal(err)
		}
		m.Recipients = count
	}
	var err error
	if m.Sequence, _, err = r.log.Append(r.Context(), m); err != nil {
		r.Fatal(err)
	}
	marks := ""
	for range count {
		marks += string(rooms.Mark(rooms.SMS))
	}
	r.record(rooms.Event{Kind: rooms.EventQueued, Room: m.Room, UMID: m.UMID, At: now, Marks: marks, Recipients: count})
	r.folded()
	return m
}

func (r *rig) record(events ...rooms.Event) {
	r.Helper()
	if err := r.log.Record(r.Context(), events...); err != nil {
		r.Fatal(err)
	}
}

// folded waits until the index knows all that is in the log.
func (r *rig) folded() {
	r.Helper()
	if err := r.index.Wait(r.Context(), r.log); err != nil {
		r.Fatal(err)
	}
}

// fail records that the n-th delivery failed in a round.
func (r *rig) fail(m rooms.Message, n, round int, why rooms.Reason, owner rooms.SubscriberID) {
	r.Helper()
	r.record(rooms.Event{Kind: rooms.EventFailed, Room: m.Room, UMID: m.UMID, At: time.Now(), N: n, Attempt: 1, Round: round,
		Channel: rooms.SMS, Reason: why, Owner: owner})
}

func (r *rig) summary(u rooms.UMID) index.Summary {
	r.Helper()
	r.folded()
	s, err := r.index.Message(u)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

func (r *rig) job(m rooms.Message, n int) rooms.Job {
	r.Helper()
	owner := fmt.Sprintf("%s.%d", m.UMID, n)
	sealed, err := r.vault.Seal(r.contact(n).Encode(), "contact", string(m.Room), owner)
	if err != nil {
		r.Fatal(err)
	}
	return rooms.Job{UMID: m.UMID, N: n, Room: m.Room, Sequence: m.Sequence, Lane: m.Lane, Channel: rooms.SMS, Owner: owner, Contact: sealed,
		Attempt: 1, Deadline: m.ExpiresAt}
}

// queue gives the jobs of the bulk lane, in order.
func (r *rig) queue() (jobs []rooms.Job) {
	r.Helper()
	_, err := r.log.ScanJobs(r.Context(), rooms.Bulk, 0, 100_000, func(_ uint64, j rooms.Job) error {
		jobs = append(jobs, j)
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return jobs
}

// suspend puts jobs of a message among those that wait, as a bridge does.
func (r *rig) suspend(m rooms.Message, count int) {
	r.Helper()
	p := stream.PageJobs{UMID: m.UMID}
	for n := range count {
		p.Jobs = append(p.Jobs, r.job(m, n))
	}
	if err := r.log.Enqueue(r.Context(), m.Lane, []stream.PageJobs{p}); err != nil {
		r.Fatal(err)
	}
	q, err := r.log.Jobs(r.Context(), m.Lane, rooms.SMS)
	if err != nil {
		r.Fatal(err)
	}
	err = q.Fetch(r.Context(), count, 10*time.Second, func(j *stream.Job) {
		if err := j.Suspend(r.Context()); err != nil {
			r.Error(err)
		}
		if err := j.Held.Done(r.Context()); err != nil {
			r.Error(err)
		}
	})
	if err != nil {
		r.Fatal(err)
	}
	if n := r.suspended(m.UMID); n != count {
		r.Fatalf("%d of %d wait", n, count)
	}
}

func (r *rig) suspended(u rooms.UMID) int {
	r.Helper()
	all, err := r.log.Suspended(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return int(all[u])
}

// eventually waits until check has no complaint, and reports the last one if that takes too long.
func (r *rig) eventually(what string, check func() string) {
	r.Helper()
	last := ""
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); <-tick.C {
		if last = check(); last == "" {
			return
		}
	}
	r.Fatalf("%s: %s", what, last)
}
