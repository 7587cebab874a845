package audit_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms/audit"
)

// silent is a log that answers nobody until it is closed.
type silent chan struct{}

func (s silent) Audit(context.Context, string, string, ...[]byte) error {
	<-s
	return nil
}

// A flood of calls without a token costs strangers their entries and the others none, and the
// losses are logged now and then, not one by one.
func TestStrangersCostNobodyElseAnEntry(t *testing.T) {
	var logged bytes.Buffer
	set, log := metrics.NewSet(), make(silent)
	a := audit.New(log, "node-1", "api", set, slog.New(slog.NewTextHandler(&logged, nil)))
	for range 20_000 {
		a.Note(audit.Entry{Source: audit.Stranger})
	}
	lost := set.GetOrCreateCounter(`crier_audit_lost_total{component="api"}`)
	before := lost.Get()
	for range 1000 {
		a.Note(audit.Entry{Source: "hosp-7"})
	}
	if before < 10_000 || lost.Get() != before {
		t.Errorf("%d lost of strangers' 20,000, %d of the others'", before, lost.Get()-before)
	}
	close(log)
	a.Close()
	if n := strings.Count(logged.String(), "\n"); n < 1 || n > 60 {
		t.Errorf("the log has %d lines", n)
	}
}
