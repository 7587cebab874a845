package channels

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"log/slog"
	"math"
	"slices"
	"sync"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// Configured is a provider of a channel, with its share of the deliveries and its limit.
type Configured struct {
	Named
	// Weight is its share beside the channel's others. Those without, of several, get what they have failed at, in their order.
	Weight int
	// Rate is how many deliveries it takes a second from all nodes together; 0 is any number.
	Rate float64
}

// crew are the providers of a channel.
type crew struct {
	channel rooms.Channel
	members []*member
	none    *member // stands in where there is none
	uses    Uses
	log     *slog.Logger

	mu     sync.Mutex
	missed map[string]bool // names of policies that are not configured, of which it has been warned
}

// member is a provider at work.
type member struct {
	Configured
	meter  *meter
	slots  *slots
	health *health // nil of webhooks, behind each of which stands another
}

// newCrew makes the crew of a channel. Behind a webhook stands whoever has asked for it, so its provider has no health. Behind a
// push subscription stands the service of its browser, but our key before all of them: what becomes of the calls is only counted.
func newCrew(set *metrics.Set, c rooms.Channel, providers []Configured, uses Uses, o HealthOptions, log *slog.Logger) *crew {
	all := &crew{channel: c, none: newMember(set, c, Configured{Named: noProvider()}), uses: uses, log: log, missed: map[string]bool{}}
	for _, p := range providers {
		m := newMember(set, c, p)
		if c != rooms.Webhook {
			m.health = newHealth(o, len(providers) > 1 && c != rooms.WebPush)
			m.health.counts = c == rooms.WebPush
			m.gauge(set, c, uses)
		}
		all.members = append(all.members, m)
	}
	return all
}

// bound is how many calls of each provider that were let go may be out at once.
func (c *crew) bound(calls int) {
	for _, m := range c.members {
		if m.health != nil {
			m.health.mostGone = calls
		}
	}
}

func newMember(set *metrics.Set, c rooms.Channel, p Configured) *member {
	return &member{Configured: p, meter: newMeter(set, c, p.Name), slots: newSlots(p.Rate)}
}

// line gives the providers of an attempt, that whose turn it is first. The first attempts of many deliveries are shared out
// by the weights, and each further attempt of one goes to another provider, until all have had their turn. Those without
// weight come last, in the order in which they are written. The same attempt has the same line each time it is made, as long
// as policy, configuration and the use of the providers stay as they are.
func (c *crew) line(j rooms.Job, routes []rooms.Route) []weighted {
	candidates := c.candidates(routes)
	if len(candidates) == 0 {
		return nil
	}
	turn := max(j.Attempt-max(j.Moved, 1), 0) % len(candidates)
	slices.SortStableFunc(candidates, func(a, b weighted) int { return -cmp.Compare(a.rank(j.ID()), b.rank(j.ID())) })
	return append(candidates[turn:len(candidates):len(candidates)], candidates[:turn]...)
}

// candidates are the configured providers that are not drained, each by its factor. Where nobody has a share and nobody is
// written down as reserve, all have the same one.
func (c *crew) candidates(routes []rooms.Route) []weighted {
	var found, idle []weighted
	reserve := false
	for _, w := range c.configured(routes) {
		u := c.uses.Of(c.channel, w.Name)
		w.health.told(u.Entry)
		if u.State == rooms.ProviderDrained {
			continue
		}
		reserve = reserve || w.weight == 0
		if w.weight > 0 && u.Factor == 0 {
			idle = append(idle, weighted{w.member, 0})
			continue
		}
		found = append(found, weighted{w.member, w.weight * u.Factor})
	}
	found = append(found, idle...)
	if reserve {
		return found
	}
	return equalIfNone(found)
}

// configured are the providers that a policy names, with its weights, or all of them if it names none.
func (c *crew) configured(routes []rooms.Route) []weighted {
	var found []weighted
	if len(routes) == 0 {
		for _, m := range c.members {
			found = append(found, weighted{m, m.Weight})
		}
		return equalIfNone(found)
	}
	alike := !slices.ContainsFunc(routes, func(r rooms.Route) bool { return r.Weight > 0 })
	for _, r := range routes {
		at := slices.IndexFunc(c.members, func(m *member) bool { return m.Name == r.Provider })
		if at < 0 {
			c.miss(r.Provider)
			continue
		}
		if alike {
			r.Weight = 1
		}
		found = append(found, weighted{c.members[at], r.Weight})
	}
	return found
}

// equalIfNone gives all the same weight if none has any.
func equalIfNone(all []weighted) []weighted {
	if !slices.ContainsFunc(all, func(w weighted) bool { return w.weight > 0 }) {
		for i := range all {
			all[i].weight = 1
		}
	}
	return all
}

// miss warns once of a provider that a policy names and the configuration does not.
func (c *crew) miss(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.missed[name] {
		c.missed[name] = true
		c.log.Warn("a policy names a provider that is not configured; the others are used", "provider", name)
	}
}

// weighted is a provider with its weight under a policy.
type weighted struct {
	*member
	weight int
}

// rank puts providers in an order that is another for each delivery: each comes first as often as its weight says
// (Efraimidis and Spirakis, Weighted random sampling with a reservoir).
func (w weighted) rank(id rooms.DeliveryID) float64 {
	if w.weight <= 0 {
		return math.Inf(-1)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id.UMID))                                  // never fails
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(id.N))) // likewise
	_, _ = h.Write([]byte(w.Name))                                   // likewise
	share := (float64(mix(h.Sum64())>>11) + 0.5) / (1 << 53)         // between 0 and 1
	return math.Log(share) / float64(w.weight)
}

// mix spreads what differs in a few bits over all of them (the finaliser of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
