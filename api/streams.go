package api

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// StreamOptions are the limits of streams of events.
type StreamOptions struct {
	// PerClient is the most streams that a client has open on this node. Default 100.
	PerClient int `yaml:"perClient"`
	// PerNode is the most streams that this node has open. Default 10,000.
	PerNode int `yaml:"perNode"`
	// Heartbeat is the time after which something is sent where no message comes. Default 15s.
	Heartbeat time.Duration `yaml:"heartbeat"`
	// Stall is how long a client may take nothing of what is there for it. Default 30s.
	Stall time.Duration `yaml:"stall"`
}

func (o StreamOptions) withDefaults() StreamOptions {
	o.PerClient = cmp.Or(o.PerClient, 100)
	o.PerNode = cmp.Or(o.PerNode, 10_000)
	o.Heartbeat = cmp.Or(o.Heartbeat, 15*time.Second)
	o.Stall = cmp.Or(o.Stall, 30*time.Second)
	return o
}

func (o StreamOptions) check() (errs []error) {
	if o.PerClient < 1 || o.PerNode < 1 {
		errs = append(errs, errors.New("streams.perClient and streams.perNode are at least 1"))
	}
	if o.Heartbeat <= 0 || o.Stall <= 0 {
		errs = append(errs, errors.New("streams.heartbeat and streams.stall are positive"))
	}
	return errs
}

// streams counts those that are open, and tells them when the node stops.
type streams struct {
	options StreamOptions
	open    *metrics.Gauge
	sent    *metrics.Counter
	stop    chan struct{} // closed when the node stops
	once    sync.Once
	places
}

func newStreams(o StreamOptions, set *metrics.Set) *streams {
	return &streams{
		options: o, stop: make(chan struct{}),
		places: newPlaces(o.PerClient, o.PerNode, v1.ProblemCodeTooManyStreams, v1.ProblemCodeStreamsFull),
		open:   set.GetOrCreateGauge("crier_api_streams", nil), sent: set.GetOrCreateCounter("crier_api_stream_events_total"),
	}
}

// enter takes a place, unless there is none; leave gives it back.
func (s *streams) enter(client rooms.Client) error {
	err := s.places.enter(client)
	if err == nil {
		s.open.Inc()
	}
	return err
}

func (s *streams) leave(client rooms.Client) {
	s.places.leave(client)
	s.open.Dec()
}

// end tells all streams that the node stops.
func (s *streams) end() { s.once.Do(func() { close(s.stop) }) }
