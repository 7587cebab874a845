package channels

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// rig is a node without API and planner: a real broker, log and vault, and a history folded
// from the log.
type rig struct {
	*testing.T
	dir     string
	server  *broker.Server
	log     *stream.Log
	vault   *vault.Vault
	history *history
	metrics *metrics.Set
	logged  *syncBuffer
	stop    context.CancelFunc
	others  sync.WaitGroup
	made    int
	ackWait time.Duration
}

func newRig(t *testing.T) *rig {
	keys, err := vault.Generate()
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), vault.Options{Keys: string(keys)})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, dir: t.TempDir() + "/store", vault: v, logged: &syncBuffer{}}
	t.Cleanup(func() {
		r.down()
		if strings.Contains(strings.ToLower(r.logged.String()), "canary") {
			t.Errorf("contact or content in the log:\n%s", r.logged)
		}
	})
	r.up()
	return r
}

// up starts the node on its store.
func (r *rig) up() {
	r.Helper()
	r.server = brokertest.StartAt(r.T, r.dir)
	var err error
	r.log, err = stream.Open(r.Context(), r.server, r.server.Manifest(), stream.Options{})
	if err != nil {
		r.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.metrics = stop, metrics.NewSet()
	r.history = newHistory(r.log)
	r.others.Go(func() { r.history.run(ctx) })
	for _, lane := range rooms.Lanes() {
		r.others.Go(func() { _ = r.log.MoveDue(ctx, lane) })
	}
}

// down stops it.
func (r *rig) down() {
	r.stop()
	r.log.Close()
	r.others.Wait()
	r.server.Stop()
}

// run starts a bridge; stop tells it to stop, wait returns when it has.
func (r *rig) run(o Options, p Provider) (stop, wait func()) {
	r.Helper()
	return r.runWith(o, r.deps(p))
}

func (r *rig) runWith(o Options, d Deps) (stop, wait func()) {
	r.Helper()
	b := New(o, d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	wait = sync.OnceFunc(func() {
		if err := <-done; err != nil {
			r.Errorf("the bridge: %v", err)
		}
	})
	r.Cleanup(func() { cancel(); wait() })
	return cancel, wait
}

func (r *rig) deps(p Provider) Deps {
	d := Deps{
		Log: r.log, Members: everybody{}, History: r.history, Policies: policies{}, Vault: r.vault, Metrics: r.metrics, AckWait: r.ackWait,
		Logger: slog.New(slog.NewTextHandler(r.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if p != nil {
		d.Providers = map[rooms.Channel][]Configured{rooms.Email: {{Named: Named{"test", p}}}, rooms.SMS: {{Named: Named{"test", p}}}}
	}
	return d
}

// policies has one that waits a second between attempts.
type policies struct{}

func (policies) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{Retry: []time.Duration{time.Second}}, nil
}

// publish stores a message and n jobs of it, for a minute unless the jobs are changed.
func (r *rig) publish(lane rooms.Lane, direct bool, ch rooms.Channel, n int, change ...func(*rooms.Job)) rooms.UMID {
	r.Helper()
	m := r.message(lane, direct)
	sequence, _, err := r.log.Append(r.Context(), m)
	if err != nil {
		r.Fatal(err)
	}
	for page := 0; page*rooms.PageSize < n; page++ {
		p := stream.PageJobs{UMID: m.UMID, Page: page}
		for i := page * rooms.PageSize; i < min(n, (page+1)*rooms.PageSize); i++ {
			j := r.job(m, sequence, ch, i)
			for _, c := range change {
				c(&j)
			}
			p.Jobs = append(p.Jobs, j)
		}
		if err := r.log.Enqueue(r.Context(), lane, []stream.PageJobs{p}); err != nil {
			r.Fatal(err)
		}
	}
	return m.UMID
}

func (r *rig) message(lane rooms.Lane, direct bool) rooms.Message {
	r.made++
	now := time.Now().UTC()
	m := rooms.Message{Header: rooms.Header{
		UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", r.made)), Room: "newborn", Type: "reminder", Lane: lane, Direct: direct,
		Publisher: "hosp-7", TxID: fmt.Sprint("tx", r.made), ReceivedAt: now, ExpiresAt: now.Add(time.Hour),
	}, Payload: []byte(`{"subject":"Canary subject","text":"Canary text","sms":"Canary sms"}`)}
	if direct {
		plain, err := rooms.Envelope{Content: m.Payload}.Encode()
		if err != nil {
			r.Fatal(err)
		}
		m.Payload = r.seal(plain, "envelope", string(m.Room), string(m.UMID))
	}
	return m
}

func (r *rig) job(m rooms.Message, sequence uint64, ch rooms.Channel, n int) rooms.Job {
	address := fmt.Sprintf("canary-%d@example.com", n)
	switch ch {
	case rooms.SMS, rooms.WhatsApp:
		address = fmt.Sprintf("+9965550%05d", n)
	case rooms.Telegram:
		address = fmt.Sprint(7000000 + n)
	}
	a, err := rooms.ParseAddress(ch, address)
	if err != nil {
		r.Fatal(err)
	}
	owner := fmt.Sprintf("%s.%d", m.UMID, n)
	return rooms.Job{
		UMID: m.UMID, N: n, Room: m.Room, Sequence: sequence, Lane: m.Lane, Channel: ch, Owner: owner, Attempt: 1,
		Contact:  r.seal(rooms.Contact{Channel: ch, Address: a}.Encode(), "contact", string(m.Room), owner),
		Deadline: time.Now().Add(time.Minute).UTC(),
	}
}

func (r *rig) seal(plain []byte, parts ...string) []byte {
	sealed, err := r.vault.Seal(plain, parts...)
	if err != nil {
		r.Fatal(err)
	}
	return sealed
}

// eventually waits until check has no complaint, and reports the last one if that takes too long.
func (r *rig) eventually(what string, check func() error) {
	r.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("%s: %v\n%s", what, err, r.logged)
		}
		<-tick.C
	}
}

// empty complains about a lane that has jobs.
func (r *rig) empty(lane rooms.Lane) func() error {
	return func() error {
		left := 0
		_, err := r.log.ScanJobs(r.Context(), lane, 0, 10, func(uint64, rooms.Job) error { left++; return nil })
		if err == nil && left > 0 {
			err = fmt.Errorf("%d jobs or more are left", left)
		}
		return err
	}
}

// happened complains unless the events of a delivery are these, such as "errored 1, sent 2".
func (r *rig) happened(id rooms.DeliveryID, want string) func() error {
	return func() error {
		if got := r.history.of(id); got != want {
			return fmt.Errorf("delivery %d: %q, want %q", id.N, got, want)
		}
		return nil
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
