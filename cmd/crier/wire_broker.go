package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/control"
	"github.com/govcrier/crier/rooms/audit"
)

// startBroker starts the node's server, lets a person on this machine look at it, and waits until it takes part.
func (a *App) startBroker(ctx context.Context, c *crew) (*broker.Server, error) {
	o := a.config.Broker
	o.Log = a.log.With("part", "broker")
	server, err := broker.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	c.onStop("broker", func() error { server.Stop(); return nil })
	c.run("watch of the store", server.Watch)
	a.metrics.NewGauge("crier_store_free_bytes", func() float64 {
		free, err := server.Free()
		if err != nil {
			return -1
		}
		return float64(free)
	})
	if o.Topology != broker.Single {
		a.changes.of = a
		c.run("control", func(ctx context.Context) error {
			return control.Serve(ctx, o.Store, control.Deps{Node: server, Changed: a.changes.changed})
		})
	}
	if err := server.Ready(ctx); err != nil {
		return nil, err
	}
	if o.Topology != broker.Single {
		c.run("watch", func(ctx context.Context) error { return a.watch(ctx, server) })
	}
	return server, nil
}

// witness is all that a witness does: it votes, keeps its copy, and leads nothing if others can.
func (a *App) witness(ctx context.Context, c *crew) error {
	server, err := a.startBroker(ctx, c)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGHUP) // others read their keys again; a witness has none
	c.run("yield", server.Yield)
	if a.config.Metrics.Listen == "" {
		return nil
	}
	l, err := listen(a.config.Metrics.Listen)
	if err != nil {
		return fmt.Errorf("metrics.listen: %w", err)
	}
	own := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.metrics.WritePrometheus(w)
		metrics.WriteProcessMetrics(w)
	})
	c.run("metrics", func(ctx context.Context) error { return serveAll(ctx, l, servePlain(own)) })
	return nil
}

// watchEvery is the time between two looks at the cluster.
const watchEvery = 10 * time.Second

// watch says, in the log and as metrics, how the cluster stands: a node that died is not to go unnoticed because the
// service goes on without it.
func (a *App) watch(ctx context.Context, server *broker.Server) error {
	said := ""
	for ctx.Err() == nil {
		st, err := server.Status(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			a.log.Warn("the cluster cannot be looked at", "error", err)
		default:
			a.gauge(st)
			if st.Words != said {
				said = st.Words
				a.log.Log(ctx, weight(st), "the cluster", "survivesOneMore", st.Survives, "inWords", st.Words)
			}
		}
		pause(ctx, watchEvery)
	}
	return ctx.Err()
}

// weight is a warning while something is missing.
func weight(st broker.Status) slog.Level {
	if st.Healed {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

func (a *App) gauge(st broker.Status) {
	present, skew := 0, 0.0
	for _, n := range st.Nodes {
		if n.Present {
			present++
		}
		skew = max(skew, math.Abs(n.Ahead))
	}
	a.metrics.GetOrCreateGauge("crier_cluster_clock_skew_seconds", nil).Set(skew)
	for name, value := range map[string]int{
		"crier_cluster_majority": number(st.Majority), "crier_cluster_survives_one_more": number(st.Survives),
		"crier_cluster_healed": number(st.Healed), "crier_cluster_nodes_present": present,
		"crier_cluster_groups_behind": len(st.Behind),
	} {
		a.metrics.GetOrCreateGauge(name, nil).Set(float64(value))
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// changes notes what people have the cluster do: in the node's own log at once, and in the audit log as soon as that can
// be written, which it cannot be while there is no majority.
type changes struct {
	of *App

	mu      sync.Mutex
	audit   *audit.Recorder // nil until the log is open
	waiting []audit.Entry
}

func (n *changes) changed(c control.Change) {
	n.of.log.Warn("a person changes the cluster", "by", c.By, "action", c.Action, "target", c.Target, "ended", c.Ended, "error", c.Err)
	if !c.Ended {
		return
	}
	e := n.of.entry("cluster", c.Action)
	e.Source, e.Data["target"] = c.By, c.Target
	if c.Err != nil {
		e.Status = audit.Failed
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.audit == nil {
		n.waiting = append(n.waiting, e)
		return
	}
	n.audit.Note(e)
}

// recordOn gives the audit log, once it can be written.
func (n *changes) recordOn(r *audit.Recorder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.audit = r
	for _, e := range n.waiting {
		r.Note(e)
	}
	n.waiting = nil
}
