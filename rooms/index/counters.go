package index

import "github.com/VictoriaMetrics/metrics"

// counters are what the index tells about itself.
type counters struct {
	messages, events, anew *metrics.Counter
	seconds                *metrics.Histogram // of a transaction of the writer
}

func newCounters(set *metrics.Set) *counters {
	return &counters{
		messages: set.GetOrCreateCounter(`crier_index_folded_total{stream="ROOMS"}`),
		events:   set.GetOrCreateCounter(`crier_index_folded_total{stream="EVENTS"}`),
		anew:     set.GetOrCreateCounter(`crier_index_begun_anew_total`),
		seconds:  set.GetOrCreateHistogram(`crier_index_write_seconds`),
	}
}
