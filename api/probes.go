package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// partTimeout bounds how long the parts may take to say whether they are ready.
const partTimeout = 3 * time.Second

// healthz says that the process is alive.
func (s *Server) healthz(*call) (answer, error) {
	return jsonAnswer(http.StatusOK, v1.Health{Status: "ok"})
}

// readyz says whether requests can be taken, or which parts stand in the way.
func (s *Server) readyz(c *call) (answer, error) {
	ctx, cancel := context.WithTimeout(c.context(), partTimeout)
	defer cancel()
	var waiting []string
	if s.stopping.Load() {
		waiting = append(waiting, "stopping")
	}
	for _, p := range s.deps.Parts {
		if err := p.Ready(ctx); err != nil {
			waiting = append(waiting, p.Name)
			s.log.DebugContext(ctx, "not ready", "part", p.Name, "error", err)
		}
	}
	if len(waiting) > 0 {
		return answer{}, &problem.Error{Code: v1.ProblemCodeNotReady, Parts: waiting}
	}
	return jsonAnswer(http.StatusOK, v1.Health{Status: "ready"})
}

// metricsPage writes the set that all parts of the node share, and what Go says of the process.
func (s *Server) metricsPage(*call) (answer, error) {
	var b bytes.Buffer
	s.deps.Metrics.WritePrometheus(&b)
	metrics.WriteProcessMetrics(&b)
	return answer{status: http.StatusOK, kind: "text/plain; version=0.0.4; charset=utf-8", body: b.Bytes()}, nil
}
