package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/fanout"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// house is a log with a planner that can be started and stopped.
type house struct {
	t      *testing.T
	server *broker.Server
	log    *stream.Log
	vault  *vault.Vault
	subs   *registry.Subscribers
	audit  *audit.Recorder
	stop   context.CancelFunc
	done   sync.WaitGroup
	epochs atomic.Uint64
	seen   uint64 // of the queue

	controls fanout.Controls
}

// alone gives every lease to whoever asks.
type alone struct{ *house }

func (a alone) Hold(ctx context.Context, _ string, work func(context.Context, uint64, func() bool) error) error {
	return work(ctx, a.epochs.Add(1), func() bool { return true })
}

func newHouse(t *testing.T) *house {
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
	t.Cleanup(l.Close)
	h := &house{t: t, server: s, log: l, vault: v, subs: registry.NewSubscribers(l, v)}
	h.audit = audit.New(l, "node", "planner", metrics.NewSet(), slog.New(slog.DiscardHandler))
	t.Cleanup(h.audit.Close)
	t.Cleanup(h.halt)
	return h
}

// plan starts a planner; what it gives tells how it ended.
func (h *house) plan() (ended <-chan error) {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	p := fanout.New(h.log, h.vault, h.audit, alone{h}, slog.New(slog.DiscardHandler))
	p.Controls = h.controls
	over := make(chan error, 1)
	h.done.Go(func() { over <- p.Run(ctx) })
	return over
}

func (h *house) halt() {
	if h.stop != nil {
		h.stop()
	}
	h.done.Wait()
}

func phone(n int) rooms.Contact {
	a, _ := rooms.ParsePhone(fmt.Sprintf("+99655%07d", n))
	return rooms.Contact{Channel: rooms.SMS, Address: a}
}

func (h *house) subscribe(count int) {
	h.t.Helper()
	var contacts []rooms.Contact
	for n := range count {
		contacts = append(contacts, phone(n))
	}
	added, _, err := h.subs.AddMany(h.t.Context(), "newborn", contacts)
	if err != nil || added != count {
		h.t.Fatalf("added %d of %d: %v", added, count, err)
	}
}

func umid(n int) rooms.UMID { return rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)) }

// publish appends message n, to all or to the named.
func (h *house) publish(n int, named ...rooms.Contact) {
	h.t.Helper()
	h.publishAs(n, func(*rooms.Message) {}, named...)
}

// publishAs changes it before.
func (h *house) publishAs(n int, change func(*rooms.Message), named ...rooms.Contact) {
	h.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := rooms.Message{Header: rooms.Header{
		UMID: umid(n), Room: "newborn", Type: "reminder", Lane: rooms.Normal, Publisher: "p", MHASH: "h", TxID: fmt.Sprint(n),
		Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: now, ExpiresAt: now.Add(time.Hour),
		Direct: len(named) > 0, Recipients: len(named),
	}, Payload: []byte(`{"text":"x"}`)}
	if m.Direct {
		plain, err := rooms.Envelope{Content: m.Payload, Recipients: named}.Encode()
		if err != nil {
			h.t.Fatal(err)
		}
		if m.Payload, err = h.vault.Seal(plain, "envelope", "newborn", string(m.UMID)); err != nil {
			h.t.Fatal(err)
		}
	}
	change(&m)
	if _, _, err := h.log.Append(h.t.Context(), m); err != nil {
		h.t.Fatal(err)
	}
}

// jobs gives the want jobs that stand in the queue behind those that it gave before, in order, and fails if there are more.
// They stay there: to take each out costs the disk more than all that planning does.
func (h *house) jobs(want int) []rooms.Job {
	h.t.Helper()
	var jobs []rooms.Job
	look := func() {
		h.t.Helper()
		_, err := h.log.ScanJobs(h.t.Context(), rooms.Normal, h.seen+1, 10_000, func(sequence uint64, j rooms.Job) error {
			h.seen = sequence
			if j.Channel == rooms.SMS {
				jobs = append(jobs, j)
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(2 * time.Minute); len(jobs) < want && time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		look()
	}
	<-time.After(200 * time.Millisecond)
	if look(); len(jobs) != want {
		h.t.Fatalf("%d jobs, want %d", len(jobs), want)
	}
	return jobs
}

// contact opens what a job is sealed to.
func (h *house) contact(j rooms.Job) string {
	h.t.Helper()
	plain, err := h.vault.Unseal(j.Contact, "contact", string(j.Room), j.Owner)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := rooms.DecodeContact(plain)
	if err != nil {
		h.t.Fatal(err)
	}
	return c.Address.Reveal()
}

func TestSmallRoomGetsOneJobEach(t *testing.T) {
	h := newHouse(t)
	h.subscribe(3)
	h.publish(1)
	h.publish(2)
	h.plan()
	seen := map[string]bool{}
	for i, j := range h.jobs(6) {
		if j.UMID != umid(1+i/3) || j.N != i%3 || j.Sequence == 0 || j.Attempt != 1 {
			t.Errorf("job %d: %+v", i, j)
		}
		seen[string(j.UMID)+h.contact(j)] = true
	}
	if len(seen) != 6 {
		t.Errorf("reached %v", seen)
	}
}

func TestNamedRecipients(t *testing.T) {
	h := newHouse(t)
	h.subscribe(2)
	h.publish(1, phone(500), phone(501))
	h.plan()
	jobs := h.jobs(2)
	if h.contact(jobs[0]) != phone(500).Address.Reveal() || h.contact(jobs[1]) != phone(501).Address.Reveal() {
		t.Error("named recipients are not those who get it")
	}
}

func TestManyNamedRecipientsGoByPages(t *testing.T) {
	h := newHouse(t)
	var named []rooms.Contact
	for n := range 2500 {
		named = append(named, phone(n))
	}
	h.publish(1, named...)
	h.plan()
	for i, j := range h.jobs(2500) {
		if j.N != i || h.contact(j) != named[i].Address.Reveal() {
			t.Fatalf("job %d has number %d", i, j.N)
		}
	}
}

// A room of several pages: everybody once, in order, and a small message behind it waits.
func TestLargeRoomKeepsOrder(t *testing.T) {
	h := newHouse(t)
	h.subscribe(2100)
	h.publish(1)
	h.publish(2, phone(9000))
	h.publish(3, phone(9001))
	h.plan()
	jobs := h.jobs(2102)
	for i, j := range jobs[:2100] {
		if j.UMID != umid(1) || j.N != i || h.contact(j) != phone(i).Address.Reveal() {
			t.Fatalf("job %d is %s/%d", i, j.UMID, j.N)
		}
	}
	if jobs[2100].UMID != umid(2) || jobs[2101].UMID != umid(3) {
		t.Error("small messages overtook the large one before them")
	}
}

// What was planned is not planned again when its acknowledgement was lost: the planner starts
// anew with a consumer that has forgotten everything.
func TestPlanningTwiceIsDull(t *testing.T) {
	h := newHouse(t)
	h.subscribe(1200)
	h.publish(1)
	h.publish(2, phone(1), phone(2))
	h.plan()
	h.jobs(1202)
	h.halt()
	nc := brokertest.Connect(t, h.server, "forget")
	if _, err := nc.Request("$JS.API.CONSUMER.RESET.ROOMS.plan-normal", []byte(`{"seq":1}`), time.Second); err != nil {
		t.Fatal(err)
	}
	h.plan()
	h.jobs(0)
	h.publish(3, phone(3)) // and goes on with what is new
	h.jobs(1)
}

// stored makes a page of message n jobs, as a planner did that was interrupted after it.
func (h *house) stored(n, page int, m stream.Mark) {
	h.t.Helper()
	p := stream.PageJobs{UMID: umid(n), Page: page, Mark: m}
	for i := range len(m.Recipients) {
		p.Jobs = append(p.Jobs, rooms.Job{UMID: umid(n), N: page*rooms.PageSize + i, Room: "newborn", Lane: rooms.Normal, Channel: rooms.SMS, Attempt: 1})
	}
	if err := h.log.Enqueue(h.t.Context(), rooms.Normal, []stream.PageJobs{p}); err != nil {
		h.t.Fatal(err)
	}
}

// A page that became jobs before a crash is told as it was then, whoever has come since.
func TestMarksAreThoseOfTheJobs(t *testing.T) {
	h := newHouse(t)
	h.subscribe(2)
	h.publish(1)
	h.stored(1, 0, stream.Mark{Recipients: "s", Last: true})
	h.plan()
	e := h.event(rooms.EventQueued, 1)
	if e.Marks != "s" || e.Recipients != 1 {
		t.Errorf("marks %q of %d recipients, want s of 1", e.Marks, e.Recipients)
	}
}

// Planning that was interrupted goes on behind the last page that is there: nobody is left out,
// and nobody comes twice.
func TestInterruptedPlanningGoesOn(t *testing.T) {
	h := newHouse(t)
	h.subscribe(2500)
	subs, _, err := h.subs.List(t.Context(), "newborn", 0, 2500)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(1)
	full := strings.Repeat("s", rooms.PageSize)
	for page := range 2 {
		h.stored(1, page, stream.Mark{Recipients: full, Sequence: subs[(page+1)*rooms.PageSize-1].Sequence})
	}
	h.plan()
	for i, j := range h.jobs(2500) {
		if j.N != i || i >= 2*rooms.PageSize && h.contact(j) != phone(i).Address.Reveal() {
			t.Fatalf("job %d has number %d", i, j.N)
		}
	}
	if e := h.event(rooms.EventPlanned, 1); e.Recipients != 2500 {
		t.Errorf("%d recipients, want 2500", e.Recipients)
	}
}

// A room that has shrunk to a page since its planning began is planned on as it was begun.
func TestShrunkenRoomIsPlannedOn(t *testing.T) {
	h := newHouse(t)
	h.subscribe(3)
	subs, _, err := h.subs.List(t.Context(), "newborn", 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(1)
	h.stored(1, 0, stream.Mark{Recipients: "s", Sequence: subs[0].Sequence})
	h.plan()
	if jobs := h.jobs(3); jobs[1].N != rooms.PageSize || h.contact(jobs[1]) != phone(1).Address.Reveal() {
		t.Errorf("the second page begins with number %d", jobs[1].N)
	}
	if e := h.event(rooms.EventPlanned, 1); e.Recipients != 3 {
		t.Errorf("%d recipients, want 3", e.Recipients)
	}
}

// Planning that had come to its end before a crash is not extended by who has subscribed since.
func TestFinishedPlanningIsNotExtended(t *testing.T) {
	h := newHouse(t)
	h.subscribe(1100)
	h.publish(1)
	h.stored(1, 0, stream.Mark{Recipients: "sss", Last: true})
	h.plan()
	if e := h.event(rooms.EventPlanned, 1); e.Recipients != 3 {
		t.Errorf("%d recipients, want 3", e.Recipients)
	}
	h.jobs(3)
}

// event waits for the first event of a kind about message n.
func (h *house) event(kind rooms.Kind, n int) (found rooms.Event) {
	h.t.Helper()
	enough := errors.New("enough")
	err := h.log.TailEvents(h.t.Context(), 0, func(es []rooms.Event) error {
		for _, e := range es {
			if e.Kind == kind && e.UMID == umid(n) {
				found = e
				return enough
			}
		}
		return nil
	})
	if !errors.Is(err, enough) {
		h.t.Fatal(err)
	}
	return found
}

// Every message that is in the room's log comes to be on record.
func TestAcceptedMessagesAreOnRecord(t *testing.T) {
	h := newHouse(t)
	h.subscribe(1)
	h.publish(1)
	h.plan()
	h.event(rooms.EventQueued, 1)
	js, err := jetstream.New(brokertest.Connect(t, h.server, "audit"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := js.Stream(t.Context(), "AUDIT")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; {
		m, err := log.GetLastMsgForSubject(t.Context(), rooms.AuditSubject("node", "planner"))
		if err == nil {
			if line := string(m.Data); !strings.Contains(line, string(umid(1))) || !strings.Contains(line, `"source":"p"`) {
				t.Errorf("on record is %s", line)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// Two planners that both believe it is their turn, as after a suspension: everybody gets one job,
// in order, whatever the first is in the middle of, and the first gives up.
func TestTwoPlannersAtOnce(t *testing.T) {
	h := newHouse(t)
	h.subscribe(1100)
	for n := range 60 {
		if n == 30 {
			h.publish(n)
			continue
		}
		h.publish(n, phone(n))
	}
	first := h.plan()
	defer h.stop()
	h.event(rooms.EventQueued, 5) // it is under way
	h.plan()
	for n := range 60 { // and goes on believing
		h.publish(60+n, phone(n))
	}
	last, n := -1, 0
	for _, j := range h.jobs(1100 + 119) {
		u, err := strconv.Atoi(string(j.UMID[len(j.UMID)-4:]))
		if err != nil {
			t.Fatal(err)
		}
		if u == last {
			n++
		} else {
			last, n = last+1, 0
		}
		if u != last || j.N != n {
			t.Fatalf("job %d/%d comes where %d/%d is due", u, j.N, last, n)
		}
	}
	select {
	case err := <-first:
		if !errors.Is(err, stream.ErrFenced) {
			t.Errorf("the first ended with %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the first plans on")
	}
}
