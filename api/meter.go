package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// meter counts the calls of a route.
type meter struct {
	set     *metrics.Set
	labels  string // without status and brackets
	latency *metrics.PrometheusHistogram
}

func newMeter(set *metrics.Set, r route) meter {
	labels := `route="` + strings.ReplaceAll(r.path, `"`, "") + `",method="` + r.method + `"`
	return meter{
		set:     set,
		labels:  labels,
		latency: set.GetOrCreatePrometheusHistogramExt(`crier_api_request_duration_seconds{`+labels+`}`, latencyBuckets()),
	}
}

// latencyBuckets are seconds; a durable publish takes a few milliseconds.
func latencyBuckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

func (m meter) observe(status int, took time.Duration) {
	m.latency.Update(took.Seconds())
	m.set.GetOrCreateCounter(`crier_api_requests_total{` + m.labels + `,status="` + strconv.Itoa(status) + `"}`).Inc()
}
