// Package audit writes the record of what was called and done, by whom and with which outcome:
// ids, status and codes, never content, contact or credential.
//
// It promises that Record returns once its entries are durable and that Note, for reads, refusals
// and what another log holds already, has written its entry within a second while the log keeps
// up, or counts it as lost in a metric; Close writes what waits. What waits when the process dies
// is lost. Reading the record is not its matter.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/go-json-experiment/json"
)

// Status of what an entry speaks of (GovStack Messaging 5.1.13).
const (
	Success    = "success"
	Failed     = "failed"
	InProgress = "in-progress"
)

// Entry is one line of the record.
type Entry struct {
	Time        time.Time         `json:"time"`
	Source      string            `json:"source"`        // who: a client id, or a component
	Destination string            `json:"destination"`   // what: a route, a room, a stream
	IDs         map[string]string `json:"ids,omitzero"`  // room, umid, request, …
	Data        map[string]string `json:"data,omitzero"` // supplementary, such as the lane
	Status      string            `json:"status"`        // Success, Failed or InProgress
	Code        int               `json:"code,omitzero"` // HTTP status, where there is one
}

// Stranger is the source of what a caller did whom nobody knows. His notes never take more than
// half of the places of those that wait, so that a flood of them does not cost other people's.
const Stranger = "unknown"

// Log appends to the record of a component of this node, durably.
type Log interface {
	Audit(ctx context.Context, node, component string, entries ...[]byte) error
}

// waiting is how many notes may wait to be written.
const waiting = 10_000

// together is how many notes are handed to the log at once, which commits them together; gathering
// is how long the first of them waits for the others.
const (
	together  = 1000
	gathering = 200 * time.Millisecond
)

// noteTimeout bounds the writing of notes.
const noteTimeout = 30 * time.Second

// Recorder writes for one component.
type Recorder struct {
	log       Log
	node      string
	component string
	logger    *slog.Logger
	lost      *metrics.Counter
	told      atomic.Int64 // the second in which a loss was last logged
	notes     chan []byte
	done      sync.WaitGroup
	closing   sync.Once
}

// New starts a recorder for a component of a node.
func New(log Log, node, component string, set *metrics.Set, logger *slog.Logger) *Recorder {
	r := &Recorder{log: log, node: node, component: component, logger: logger, notes: make(chan []byte, waiting),
		lost: set.GetOrCreateCounter(`crier_audit_lost_total{component="` + component + `"}`)}
	r.done.Go(r.write)
	return r
}

// Record writes entries and returns once they are durable.
func (r *Recorder) Record(ctx context.Context, entries ...Entry) error {
	lines := make([][]byte, len(entries))
	for i, e := range entries {
		var err error
		if lines[i], err = json.Marshal(e, json.Deterministic(true)); err != nil {
			return errors.New("audit: an entry that cannot be written")
		}
	}
	return r.log.Audit(ctx, r.node, r.component, lines...)
}

// Note writes an entry soon. It never waits: what does not fit is counted as lost.
// It must not be called after Close.
func (r *Recorder) Note(e Entry) {
	if e.Source == Stranger && len(r.notes) >= waiting/2 {
		r.lose(1, errors.New("too many of strangers wait"))
		return
	}
	b, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		r.lose(1, err)
		return
	}
	select {
	case r.notes <- b:
	default:
		r.lose(1, errors.New("too many wait"))
	}
}

func (r *Recorder) write() {
	for b := range r.notes {
		batch := r.gather(b)
		ctx, cancel := context.WithTimeout(context.Background(), noteTimeout)
		if err := r.log.Audit(ctx, r.node, r.component, batch...); err != nil {
			r.lose(len(batch), err)
		}
		cancel()
	}
}

// gather waits a little for more notes to go with the first, since each commit costs the disk the
// same.
func (r *Recorder) gather(first []byte) [][]byte {
	batch := append(make([][]byte, 0, together), first)
	enough := time.NewTimer(gathering)
	defer enough.Stop()
	for len(batch) < together {
		select {
		case b, open := <-r.notes:
			if !open {
				return batch
			}
			batch = append(batch, b)
		case <-enough.C:
			return batch
		}
	}
	return batch
}

// lose counts entries, and logs so once a second at most: who floods the record is not to
// flood the log as well.
func (r *Recorder) lose(n int, err error) {
	r.lost.Add(n)
	if now := time.Now().Unix(); r.told.Swap(now) != now {
		r.logger.Error("audit entries are lost", "component", r.component, "error", err)
	}
}

// Close writes what waits.
func (r *Recorder) Close() {
	r.closing.Do(func() { close(r.notes) })
	r.done.Wait()
}
