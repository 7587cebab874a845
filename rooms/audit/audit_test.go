package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/stream"
)

// record is a real log with a second connection that reads what it holds.
type record struct {
	t      *testing.T
	server *broker.Server
	log    *stream.Log
	set    *metrics.Set
}

func newRecord(t *testing.T) *record {
	t.Helper()
	s := brokertest.Start(t)
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{CommitTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &record{t, s, l, metrics.NewSet()}
}

func (r *record) recorder(log audit.Log, component string) *audit.Recorder {
	a := audit.New(log, "node-1", component, r.set, slog.New(slog.DiscardHandler))
	r.t.Cleanup(a.Close)
	return a
}

// lines are the entries of a component, in order.
func (r *record) lines(component string) []string {
	r.t.Helper()
	js, err := jetstream.New(brokertest.Connect(r.t, r.server, "reader"))
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := js.Stream(r.t.Context(), "AUDIT")
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for n := range s.CachedInfo().State.LastSeq {
		m, err := s.GetMsg(r.t.Context(), n+1)
		if err != nil {
			r.t.Fatal(err)
		}
		if m.Subject == "audit.node-1."+component {
			all = append(all, string(m.Data))
		}
	}
	return all
}

func (r *record) lost(component string) uint64 {
	return r.set.GetOrCreateCounter(`crier_audit_lost_total{component="` + component + `"}`).Get()
}

func entry(n int) audit.Entry {
	return audit.Entry{Time: time.UnixMilli(int64(n)).UTC(), Source: "hosp-7", Destination: fmt.Sprintf("n%d", n), Status: audit.Success}
}

func TestRecordIsDurableWhenItReturns(t *testing.T) {
	r := newRecord(t)
	a := r.recorder(r.log, "api")
	for n := range 3 {
		if err := a.Record(t.Context(), entry(n)); err != nil {
			t.Fatal(err)
		}
		if got := r.lines("api"); len(got) != n+1 {
			t.Fatalf("%d lines after %d were recorded", len(got), n+1)
		}
	}
}

// An entry is written with the fields it was given, in a fixed order, and with no other.
func TestEntryHoldsWhatWasGiven(t *testing.T) {
	r := newRecord(t)
	a := r.recorder(r.log, "api")
	whole := audit.Entry{
		Time: time.Date(2026, 11, 22, 8, 0, 0, 123e6, time.UTC), Source: "hosp-7", Destination: "POST /v1/rooms/{room}/messages",
		IDs: map[string]string{"umid": "01J", "room": "newborn"}, Data: map[string]string{"lane": "bulk"}, Status: audit.Failed, Code: 409,
	}
	for _, e := range []audit.Entry{whole, entry(0)} {
		if err := a.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`{"time":"2026-11-22T08:00:00.123Z","source":"hosp-7","destination":"POST /v1/rooms/{room}/messages","ids":{"room":"newborn","umid":"01J"},"data":{"lane":"bulk"},"status":"failed","code":409}`,
		`{"time":"1970-01-01T00:00:00Z","source":"hosp-7","destination":"n0","status":"success"}`,
	}
	got := r.lines("api")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for n := range want {
		if got[n] != want[n] {
			t.Errorf("written\n%s, want\n%s", got[n], want[n])
		}
	}
}

func TestComponentsHaveSubjectsOfTheirOwn(t *testing.T) {
	r := newRecord(t)
	for _, component := range []string{"api", "bridge"} {
		if err := r.recorder(r.log, component).Record(t.Context(), entry(1)); err != nil {
			t.Fatal(err)
		}
	}
	if api, bridge := len(r.lines("api")), len(r.lines("bridge")); api != 1 || bridge != 1 {
		t.Errorf("%d and %d lines, want one each", api, bridge)
	}
}

func TestNoteArrives(t *testing.T) {
	r := newRecord(t)
	r.recorder(r.log, "api").Note(entry(1))
	deadline := time.Now().Add(2 * time.Minute)
	got := r.lines("api")
	for ; len(got) == 0 && time.Now().Before(deadline); got = r.lines("api") {
	}
	if len(got) != 1 {
		t.Errorf("%d lines in time, want 1", len(got))
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	r := newRecord(t)
	a := r.recorder(r.log, "api")
	const notes = 3000
	for n := range notes {
		a.Note(entry(n))
	}
	a.Close()
	a.Close()
	if got := r.lines("api"); len(got) != notes || r.lost("api") != 0 {
		t.Errorf("%d lines and %d lost, want %d and none", len(got), r.lost("api"), notes)
	}
}

func TestWithoutALogRecordFailsAndNotesAreLost(t *testing.T) {
	r := newRecord(t)
	a := r.recorder(r.log, "api")
	r.server.Stop()
	if err := a.Record(t.Context(), entry(1)); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	a.Note(entry(2))
	a.Close()
	if got := r.lost("api"); got != 1 {
		t.Errorf("%d are counted as lost, want the note", got)
	}
}

// stuck is a log that does not answer until it is released.
type stuck struct {
	release chan struct{}
	once    sync.Once
	written atomic.Int64
}

func (s *stuck) Audit(ctx context.Context, _, _ string, entries ...[]byte) error {
	select {
	case <-s.release:
		s.written.Add(int64(len(entries)))
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stuck) free() { s.once.Do(func() { close(s.release) }) }

// Note never waits: what does not fit is counted, and what was counted is not written.
func TestOverflowIsCounted(t *testing.T) {
	log := &stuck{release: make(chan struct{})}
	r := &record{t: t, set: metrics.NewSet()}
	a := r.recorder(log, "api")
	t.Cleanup(log.free)
	const notes = 10_000 + 1000 + 500 // what may wait, what is being written, and more
	for n := range notes {
		a.Note(entry(n))
	}
	lost := r.lost("api")
	if lost < 500 || lost > 500+1000 {
		t.Errorf("%d of %d are counted as lost, want 500, or as many more as could have been in the writer's hands", lost, notes)
	}
	log.free()
	a.Close()
	if got := log.written.Load(); got != int64(notes-lost) {
		t.Errorf("%d written of %d, of whom %d are lost", got, notes, lost)
	}
}
