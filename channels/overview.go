package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// ErrUnknownProvider says that no channel has a provider of that name.
var ErrUnknownProvider = errors.New("channels: unknown provider")

// ProviderStatus is how a provider stands on this node.
type ProviderStatus struct {
	rooms.ProviderUse
	Kind   string
	Weight int
	Rate   float64
	Nodes  int  // that share the rate, this one included
	Open   bool // this node takes it for dead
	InHand int
	// Unanswered are the calls in a row that were without connection or answer, up to the latest; 0 if a look has found it well since.
	Unanswered int
	Counts     map[Result]int // of the last minute
	P50        time.Duration
	P99        time.Duration
}

// Providers are how the providers of all channels stand, in the order of the channels and of the configuration.
func (b *Bridge) Providers() (all []ProviderStatus) {
	for _, c := range rooms.Channels() {
		for _, m := range b.crews[c].members {
			all = append(all, m.status(b.deps.Uses.Of(c, m.Name)))
		}
	}
	return all
}

// Provider is how one stands; ErrUnknownProvider if there is none.
func (b *Bridge) Provider(c rooms.Channel, name string) (ProviderStatus, error) {
	m, err := b.member(c, name)
	if err != nil {
		return ProviderStatus{}, err
	}
	return m.status(b.deps.Uses.Of(c, name)), nil
}

func (b *Bridge) member(c rooms.Channel, name string) (*member, error) {
	crew, ok := b.crews[c]
	if !ok {
		return nil, ErrUnknownProvider
	}
	at := slices.IndexFunc(crew.members, func(m *member) bool { return m.Name == name })
	if at < 0 {
		return nil, ErrUnknownProvider
	}
	return crew.members[at], nil
}

// Try has exactly this provider send, whatever its state, one attempt, which is not recorded as an event. What it answers
// counts for its health.
func (b *Bridge) Try(ctx context.Context, name string, d rooms.Delivery) (o Outcome, took time.Duration, err error) {
	m, err := b.member(d.To.Channel, name)
	if err != nil {
		return o, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.options.SendTimeout)
	defer cancel()
	if !m.slots.take(ctx, rooms.Normal) {
		return Outcome{Result: Throttled, Reason: rooms.Throttled}, 0, nil
	}
	began := time.Now()
	answer := func(out Outcome) { o = out }
	m.call(b.options.SendTimeout, b.deps.Logger).send(ctx, d, answer, func(Outcome) {})
	if o.Result == NoRoom {
		o = Outcome{Result: Throttled, Reason: rooms.Throttled}
	}
	return o, time.Since(began), nil
}

func (m *member) status(u rooms.ProviderUse) ProviderStatus {
	s := ProviderStatus{ProviderUse: u, Kind: m.kind(), Weight: m.Weight, Rate: m.Rate, Nodes: m.slots.nodes()}
	if m.health != nil {
		sum, inHand, open := m.health.lately()
		s.Unanswered = m.health.unanswered()
		s.Open, s.InHand, s.Counts, s.P50, s.P99 = open, inHand, sum.results, sum.quantile(0.5), sum.quantile(0.99)
	}
	return s
}

// kind is the package of the provider.
func (m *member) kind() string {
	of := strings.TrimPrefix(fmt.Sprintf("%T", m.Provider), "*")
	kind, _, _ := strings.Cut(of, ".")
	return kind
}

// gauge shows how the provider stands:
//
//	crier_provider_factor{channel,provider}  percent of its weight; 0 while it is drained
//	crier_provider_state{channel,provider}   0 running, 1 pinned, 2 drained
//	crier_provider_open{channel,provider}    1 while this node takes it for dead
//	crier_provider_in_flight{channel,provider}
//	crier_provider_latency_seconds{channel,provider,quantile}  of the last minute
func (m *member) gauge(set *metrics.Set, c rooms.Channel, uses Uses) {
	show := func(name string, value func() float64) {
		set.GetOrCreateGauge(fmt.Sprintf(`crier_provider_%s{channel=%q,provider=%q}`, name, c, m.Name), value)
	}
	show("factor", func() float64 {
		if u := uses.Of(c, m.Name); u.State != rooms.ProviderDrained {
			return float64(u.Factor)
		}
		return 0
	})
	show("state", func() float64 {
		return float64(slices.Index([]rooms.ProviderState{rooms.ProviderRunning, rooms.ProviderPinned, rooms.ProviderDrained}, uses.Of(c, m.Name).State))
	})
	show("open", func() float64 {
		if _, _, open := m.health.lately(); open {
			return 1
		}
		return 0
	})
	show("in_flight", func() float64 { _, n, _ := m.health.lately(); return float64(n) })
	for quantile, share := range map[string]float64{"0.5": 0.5, "0.99": 0.99} {
		name := fmt.Sprintf(`crier_provider_latency_seconds{channel=%q,provider=%q,quantile=%q}`, c, m.Name, quantile)
		set.GetOrCreateGauge(name, func() float64 { sum, _, _ := m.health.lately(); return sum.quantile(share).Seconds() })
	}
}
