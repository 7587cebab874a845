package api

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/cap/feed"
	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms/release"
)

// Server answers HTTP requests.
type Server struct {
	options   Options
	deps      Deps
	problems  *problem.Renderer
	log       *slog.Logger
	now       func() time.Time
	inFlight  *metrics.Gauge
	handler   http.Handler
	page      func() ([]byte, error)              // /docs
	queries   func() (map[string][]string, error) // what each call may have in its query
	stopping  atomic.Bool
	waits     release.Options
	alerts    cap.Options
	shelf     *feed.Shelf
	overNATS  *endpoint // what is published over NATS
	repliesBy *endpoint // the replies that are read over NATS
	streams   *streams
	pulls     places        // of those that wait
	counting  chan struct{} // has one for each room that a preview counts
	strangers *strangers
	joins     *joins
	silenced  *metrics.Counter // refused calls of strangers that were not recorded one by one
	draining  chan struct{}    // closed when the server stops
	drain     func()           // closes it, once

	mediator     *mediator.Facade
	mediatorPage func() ([]byte, error) // of its document
}

// New makes a server of options that Check accepts.
func New(o Options, d Deps) *Server {
	o = o.WithDefaults()
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Server{
		options:  o,
		deps:     d,
		problems: problem.NewRenderer(o.ProblemBase),
		log:      d.Log,
		waits:    d.Waits.WithDefaults(),
		alerts:   d.Alerts.WithDefaults(),
		now:      d.Now,
		inFlight: d.Metrics.GetOrCreateGauge("crier_api_requests_in_flight", nil),
		queries:  sync.OnceValues(func() (map[string][]string, error) { return documentedQueries(openapi) }),
		pulls:    newPulls(o.Pulls),
	}
	s.strangers, s.silenced = newStrangers(o.Strangers, d.Now()), d.Metrics.GetOrCreateCounter("crier_api_strangers_silenced_total")
	s.joins = newJoins(o.JoinsPerMinute, d.Now())
	s.streams = newStreams(o.Streams, d.Metrics)
	s.counting = make(chan struct{}, previewsAtOnce)
	s.draining = make(chan struct{})
	s.drain = sync.OnceFunc(func() { close(s.draining) })
	s.shelf = feed.NewShelf(d.AlertLog, s.standing, feed.Look{Base: strings.TrimSuffix(o.PublicURL, "/"), Drill: d.Drill, Most: s.alerts.FeedEntries})
	s.mediator = s.newMediator()
	s.page = sync.OnceValues(func() ([]byte, error) { return s.renderDocumentation(openapi, "/v1/openapi.yaml") })
	s.mediatorPage = sync.OnceValues(func() ([]byte, error) { return s.renderDocumentation(mediator.Document(), mediatorDocumentPath) })
	s.handler = s.router()
	s.repliesBy = s.endpoint(route{"NATS", "crier.replies.{room}", publisher | roomAdmin, s.listReplies})
	s.overNATS = s.endpoint(route{"NATS", "crier.publish.{room}", publisher, s.publish})
	return s
}

// Handler is the whole API, without TLS and timeouts.
func (s *Server) Handler() http.Handler { return s.handler }

// Metrics is /metrics alone, for an address of its own.
func (s *Server) Metrics() http.Handler {
	return s.endpoint(route{http.MethodGet, "/metrics", public, s.metricsPage})
}

func (s *Server) endpoint(r route) *endpoint {
	return &endpoint{route: r, server: s, meter: newMeter(s.deps.Metrics, r)}
}
