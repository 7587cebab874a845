package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is one that posts what is published to a sink at once, unless it is told to behave otherwise.
type gateway struct {
	t    *testing.T
	sink *sink
	http *http.Client

	mu     sync.Mutex
	closed chan struct{}                      // nil: open
	fail   func(tx string, attempt int) error // what an attempt is answered
	posts  func(tx string, n int) (times int) // how often a delivery is posted
	tries  map[string]int
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	s, err := newSink("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, sink: s, http: &http.Client{Transport: &http.Transport{}}, tries: map[string]int{}}
	t.Cleanup(func() {
		g.http.CloseIdleConnections()
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	g.fail = func(string, int) error { return nil }
	g.posts = func(string, int) int { return 1 }
	return g
}

// open and shut are an outage.
func (g *gateway) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = make(chan struct{})
}

func (g *gateway) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.closed)
	g.closed = nil
}

func (g *gateway) attempt(tx string) (wait chan struct{}, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tries[tx]++
	return g.closed, g.tries[tx]
}

func (g *gateway) Publish(ctx context.Context, _ string, p v1.Publish) (v1.Receipt, error) {
	wait, n := g.attempt(p.TransactionID)
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return v1.Receipt{}, ctx.Err()
		}
	}
	if err := g.fail(p.TransactionID, n); err != nil {
		return v1.Receipt{}, err
	}
	for i := range p.Recipients {
		for range g.posts(p.TransactionID, i) {
			g.post(p.TransactionID, i)
		}
	}
	return v1.Receipt{UMID: "of " + p.TransactionID}, nil
}

func (g *gateway) post(tx string, n int) {
	body, _ := json.Marshal(map[string]any{"umid": "of " + tx, "n": n, "attempt": 1, "text": tx, "to": "x@example.com"})
	answer, err := g.http.Post(g.sink.url, "application/json", bytes.NewReader(body))
	if err != nil {
		g.t.Error(err)
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		g.t.Errorf("the sink answered %d", answer.StatusCode)
	}
}

// trial is one in which the gateway does as told.
func (g *gateway) trial(act func(context.Context, *trial) error) *trial {
	o := Options{
		Rate: 500, Publishers: 5, Recipients: 2, Before: 50 * time.Millisecond, Grace: 300 * time.Millisecond, Linger: time.Millisecond,
	}.withDefaults()
	return &trial{options: o, fault: "test", run: 1, scene: scene{
		target: target{
			room: "r", publisher: func(int) publisher { return g },
			recipients: func(tx string) []v1.Contact { return invented(tx, 2) },
		},
		act: act, healed: func(context.Context) error { return nil }, arrivals: seen{g.sink, g.sink.count()},
	}}
}

// strike is an outage of the given time.
func (g *gateway) strike(d time.Duration) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error {
		t.strikes("shut")
		g.shut()
		sleep(ctx, d)
		t.ends("open")
		g.open()
		return nil
	}
}

func TestTrialMeasuresAnOutage(t *testing.T) {
	g := newGateway(t)
	r, err := g.trial(g.strike(400 * time.Millisecond)).measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, silence := range map[string]int64{"publish": r.PublishSilence, "delivery": r.DeliverySilence, "one publish": r.LongestPublish} {
		if silence < 350 || silence > 5000 {
			t.Errorf("%s: %d ms, want 400", name, silence)
		}
	}
	if r.QuietPublish >= r.PublishSilence {
		t.Errorf("%d ms before the outage, %d in it", r.QuietPublish, r.PublishSilence)
	}
	if r.Acked == 0 || r.Lost != 0 || *r.Duplicated != 0 || r.Redelivered != nil {
		t.Errorf("%+v", r)
	}
}

func TestTrialFindsWhatIsLost(t *testing.T) {
	g := newGateway(t)
	var mu sync.Mutex
	first := ""
	g.posts = func(tx string, n int) int {
		mu.Lock()
		defer mu.Unlock()
		if first == "" {
			first = tx
		}
		switch {
		case tx == first && n == 1:
			return 0
		case tx == first:
			return 3
		}
		return 1
	}
	r, err := g.trial(g.strike(0)).measure(t.Context())
	if err != nil || r.Lost != 1 || *r.Duplicated != 2 {
		t.Errorf("%d lost, want 1; %v", r.Lost, err)
	}
}

func TestLoadTriesAgainUnderTheSameID(t *testing.T) {
	g := newGateway(t)
	g.fail = func(_ string, attempt int) error {
		if attempt == 1 {
			return problem(http.StatusServiceUnavailable)
		}
		return nil
	}
	r, err := g.trial(g.strike(0)).measure(t.Context())
	if err != nil || r.Lost != 0 || *r.Duplicated != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	for tx, n := range g.tries {
		if n != 2 {
			t.Fatalf("%s was tried %d times, want 2", tx, n)
		}
	}
}

func TestLoadReportsARefusal(t *testing.T) {
	g := newGateway(t)
	begun := make(chan struct{})
	g.fail = func(string, int) error {
		select {
		case <-begun:
			return problem(http.StatusForbidden)
		default:
			return nil
		}
	}
	_, err := g.trial(func(ctx context.Context, t *trial) error {
		close(begun)
		return g.strike(20*time.Millisecond)(ctx, t)
	}).measure(t.Context())
	var p *client.Problem
	if !errors.As(err, &p) {
		t.Errorf("a refused publish is not reported: %v", err)
	}
}

func TestTrialThatDoesNotHeal(t *testing.T) {
	g := newGateway(t)
	trial := g.trial(g.strike(0))
	trial.options.HealWithin = 50 * time.Millisecond
	trial.scene.healed = func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("a replica is behind")
	}
	if _, err := trial.measure(t.Context()); err == nil || err.Error() != "drill: test: not healed: a replica is behind" {
		t.Errorf("%v", err)
	}
}

func TestTrialEndsWhenToldTo(t *testing.T) {
	g := newGateway(t)
	ctx, cancel := context.WithCancel(t.Context())
	g.shut() // nobody will ever get a receipt
	trial := g.trial(g.strike(0))
	ended := make(chan error)
	go func() {
		_, err := trial.measure(ctx)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}

func TestEvidenceIsKept(t *testing.T) {
	g := newGateway(t)
	trial := g.trial(g.strike(0))
	trial.options.Evidence = t.TempDir()
	r, err := trial.measure(t.Context())
	if err := errors.Join(err, trial.keep(r)); err != nil {
		t.Fatal(err)
	}
	for file, least := range map[string]int{"receipts.ndjson": r.Acked, "deliveries.ndjson": 2 * r.Acked, "result.json": 1} {
		text, err := os.ReadFile(filepath.Join(trial.options.Evidence, "run-1-test", file))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")); lines != least {
			t.Errorf("%s has %d lines, want %d", file, lines, least)
		}
		if bytes.Contains(text, []byte("@example.com")) {
			t.Errorf("%s holds contacts", file)
		}
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	err := Options{Faults: []string{"flood"}, Runs: -1, Rate: -1, Publishers: -1, Recipients: 1000, Hang: -1}.withDefaults().check()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 6 {
		t.Errorf("want six faults: %v", err)
	}
}

// status is what a gateway says of messages.
type status map[string]v1.Message

func (s status) Message(_ context.Context, umid string) (v1.Message, error) {
	m, ok := s[umid]
	if !ok {
		return m, problem(http.StatusNotFound)
	}
	return m, nil
}

func TestToldDeliveries(t *testing.T) {
	sent := at(1300)
	s := status{
		"sent": {ReceivedAt: at(1000), FirstSentAt: &sent, Status: v1.Counts{Sent: 1, Delivered: 1}},
		"half": {ReceivedAt: at(1000), FirstSentAt: &sent, Status: v1.Counts{Sent: 1, Queued: 1}},
	}
	var receipts []Receipt
	for _, umid := range []string{"sent", "half", "unknown"} {
		receipts = append(receipts, Receipt{Tx: umid, UMID: umid, Recipients: 2, At: at(10)})
	}
	told := newTold(s)
	got, err := told.deliveries(t.Context(), receipts)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d deliveries, want the two of the message that was sent: %v", len(got), err)
	}
	for _, d := range got {
		if d.Tx != "sent" || !d.At.Equal(at(310)) {
			t.Errorf("%+v", d)
		}
	}
	s["half"] = s["sent"]
	if got, _ = told.deliveries(t.Context(), receipts); len(got) != 4 {
		t.Errorf("%d deliveries after the other was sent too, want 4", len(got))
	}
	if told.exact() {
		t.Error("repeats are not seen this way")
	}
}

func TestToldFailsWhereNothingMayBeRead(t *testing.T) {
	told := newTold(forbidden{})
	if _, err := told.deliveries(t.Context(), []Receipt{{Tx: "a", UMID: "a", Recipients: 1}}); err == nil {
		t.Error("no error")
	}
}

type forbidden struct{}

func (forbidden) Message(context.Context, string) (v1.Message, error) {
	return v1.Message{}, fmt.Errorf("read: %w", problem(http.StatusForbidden))
}

// problem is what the API answers with a status.
func problem(status int) error {
	p := &client.Problem{}
	p.Status = status
	return p
}
