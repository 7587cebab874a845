package main

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/quota"
)

// lowQuotas notes the quotas of which little is left: in the log, as a metric, and in the audit log. The client is told beside
// that, as far as it can be.
type lowQuotas struct {
	app    *App
	audit  *audit.Recorder
	log    *slog.Logger
	set    *metrics.Set
	toTell chan quota.Warning
}

// mostUntold is how many warnings wait to be told; others are noted alone.
const mostUntold = 100

func (a *App) hearQuotas(s *store) *lowQuotas {
	return &lowQuotas{app: a, audit: s.audit, log: a.log.With("part", "quotas"), set: a.metrics, toTell: make(chan quota.Warning, mostUntold)}
}

func (l *lowQuotas) warn(w quota.Warning) {
	l.log.Warn("little is left of a quota", "client", string(w.Client), "room", string(w.Room), "lane", string(w.Lane),
		"window", w.Window, "limit", w.Limit, "used", w.Used)
	l.set.GetOrCreateCounter(fmt.Sprintf(`crier_quota_warnings_total{window=%q}`, w.Window)).Inc()
	e := l.app.entry("quota", "warn")
	e.Time, e.Source = w.At.UTC(), string(w.Client)
	if w.Room != "" {
		e.IDs = map[string]string{"room": string(w.Room)}
	}
	e.Data["window"], e.Data["limit"], e.Data["used"] = w.Window, strconv.Itoa(w.Limit), strconv.Itoa(w.Used)
	if w.Lane != "" {
		e.Data["lane"] = string(w.Lane)
	}
	l.audit.Note(e)
	select {
	case l.toTell <- w:
	default:
	}
}
