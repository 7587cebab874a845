package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// diary is a log, a queue and a history that only write down, in order, what they are told.
type diary struct {
	mu      sync.Mutex
	lines   []string
	settled bool
	left    bool
	waits   bool // another attempt waits on another channel
	state   rooms.State
	control rooms.Control
	wrong   int              // deliveries that were reported
	fail    map[string]error // of a first word
}

func (d *diary) note(format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	var word string
	_, _ = fmt.Sscan(line, &word)
	if err := d.fail[word]; err != nil {
		d.lines = append(d.lines, line+" failed")
		return err
	}
	d.lines = append(d.lines, line)
	return nil
}

func (d *diary) heal(word string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.fail, word)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

func (d *diary) Record(ctx context.Context, events ...rooms.Event) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, e := range events {
		if err := d.note("record %s %d.%d %s", e.Kind, e.N, e.Attempt, e.Reason); err != nil {
			return err
		}
	}
	return nil
}

func (d *diary) Park(_ context.Context, j rooms.Job, due time.Time) error {
	return d.note("park %d.%d in %s", j.N, j.Attempt, time.Until(due))
}

func (d *diary) Hasten(_ context.Context, id rooms.DeliveryID, _, attempt int, _ rooms.Channel, _ time.Time) (bool, error) {
	return d.waits, d.note("hasten %d.%d", id.N, attempt)
}

func (d *diary) State(ctx context.Context, id rooms.DeliveryID) (rooms.State, error) {
	return d.state, d.note("state? %d", id.N)
}

func (d *diary) Settled(ctx context.Context, id rooms.DeliveryID, _, attempt int) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return d.settled, d.note("settled? %d.%d", id.N, attempt)
}

func (d *diary) Done(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.note("done")
}

// Suspend, like the log, is deaf for whoever has gone.
func (d *diary) Suspend(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.note("suspend")
}

// Of and Failed have the diary decide about messages, and hear of what fails.
func (d *diary) Failed(rooms.UMID) { d.wrong++ }
func (d *diary) Of(rooms.UMID) rooms.Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.control
}

func (d *diary) decide(s rooms.ControlState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.control.State = s
}

func (d *diary) Later(wait time.Duration) error           { return d.note("later %s", wait) }
func (d *diary) Working() error                           { return d.note("working") }
func (d *diary) Unseal([]byte, ...string) ([]byte, error) { return contactForm, d.note("unseal") }

// Policy knows the revision 2 and those of no number, which wait otherwise.
func (d *diary) Policy(_ context.Context, r rooms.Revision) (rooms.Policy, error) {
	switch r.Revision {
	case 0:
	case 2:
		return rooms.Policy{Retry: []time.Duration{7 * time.Minute}}, nil
	default:
		return rooms.Policy{Retry: []time.Duration{time.Minute}}, errors.New("unknown policy")
	}
	return rooms.Policy{Retry: []time.Duration{5 * time.Minute}}, nil
}

// everybody is in every room.
type everybody struct{}

func (everybody) Subscribed(_ context.Context, _ rooms.Room, _ rooms.SubscriberID, c rooms.Contact) (rooms.Contact, bool, error) {
	return c, true, nil
}

// Subscribed has everybody in the room until he has left.
func (d *diary) Subscribed(_ context.Context, _ rooms.Room, _ rooms.SubscriberID, c rooms.Contact) (rooms.Contact, bool, error) {
	return c, !d.left, d.note("subscribed?")
}

var contactForm = []byte(`{"c":"email","a":"canary@example.com"}`)

// send is a provider that a function stands for.
type send func(ctx context.Context, d rooms.Delivery) Outcome

func (s send) Send(ctx context.Context, d rooms.Delivery) Outcome { return s(ctx, d) }

func always(o Outcome) send {
	return func(context.Context, rooms.Delivery) Outcome { return o }
}

var testMessage = rooms.Message{
	Header:  rooms.Header{UMID: testUMID, Room: "newborn", Type: "reminder"},
	Payload: []byte(`{"subject":"canary","text":"canary"}`),
}

func newWorker(d *diary, p Provider) *worker {
	messages := func(context.Context, uint64) (rooms.Message, error) { return testMessage, d.note("read") }
	return &worker{
		journal: d, members: d, history: d, policies: d, controls: d, failures: d, opener: newOpener(1<<20, d, messages),
		crew: testCrew(p), timeout: time.Minute, ackWait: 30 * time.Second, hands: newHands(),
		skipped: metrics.NewSet().NewCounter("skipped"), log: slog.New(slog.DiscardHandler), now: time.Now, clock: time.Now,
	}
}

func testCrew(p Provider) *crew {
	return newCrew(metrics.NewSet(), rooms.Email, []Configured{{Named: Named{"test", p}}}, unmoved{}, HealthOptions{}, slog.New(slog.DiscardHandler))
}

// job is one in hand since just now, which expires in an hour.
func (d *diary) job(n int) work {
	return work{Job: testJob(n, time.Now().Add(time.Hour)), pulled: d, since: time.Now()}
}

// expect compares what was written down, the reading of message and contact left out.
func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, line := range d.read() {
		if line != "read" && line != "unseal" {
			got = append(got, line)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("what happened:\n%q\nwant:\n%q", got, want)
	}
}

var errTest = errors.New("not now")
