package channels

import (
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// meter counts what a channel's provider does:
//
//	crier_channel_attempts_total{channel,provider,result}
//	crier_channel_send_duration_seconds{channel,provider}
type meter struct {
	attempts map[Result]*metrics.Counter
	duration *metrics.Histogram
}

func newMeter(set *metrics.Set, c rooms.Channel, provider string) *meter {
	m := &meter{
		attempts: map[Result]*metrics.Counter{},
		duration: set.GetOrCreateHistogram(fmt.Sprintf(`crier_channel_send_duration_seconds{channel=%q,provider=%q}`, c, provider)),
	}
	for _, r := range []Result{Sent, Deferred, Throttled, NoRoom, Rejected, Suppressed} {
		m.attempts[r] = set.GetOrCreateCounter(fmt.Sprintf(`crier_channel_attempts_total{channel=%q,provider=%q,result=%q}`, c, provider, r))
	}
	return m
}

// attempt counts an outcome; one that does not exist counts as deferred, as it is treated.
func (m *meter) attempt(r Result, took time.Duration) {
	if r != NoRoom { // the provider was not called
		m.duration.Update(took.Seconds())
	}
	counter, ok := m.attempts[r]
	if !ok {
		counter = m.attempts[Deferred]
	}
	counter.Inc()
}
