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
	// Weight is its share beside the channel's others. One without, of several, gets what they have failed at.
	Weight int
	// Rate is how many deliveries it takes a second on this node; 0 is any number.
	Rate float64
}

// crew are the providers of a channel.
type crew struct {
	members []*member
	none    *member // stands in where there is none
	log     *slog.Logger

	mu     sync.Mutex
	missed map[string]bool // names of policies that are not configured, of which it has been warned
}

// member is a provider at work.
type member struct {
	Configured
	meter *meter
	slots *slots
}

func newCrew(set *metrics.Set, c rooms.Channel, providers []Configured, log *slog.Logger) *crew {
	all := &crew{none: newMember(set, c, Configured{Named: noProvider()}), log: log, missed: map[string]bool{}}
	for _, p := range providers {
		all.members = append(all.members, newMember(set, c, p))
	}
	return all
}

func newMember(set *metrics.Set, c rooms.Channel, p Configured) *member {
	return &member{p, newMeter(set, c, p.Name), newSlots(p.Rate)}
}

// pick gives the provider of an attempt. The first attempts of many deliveries are shared out by the weights, and each
// further attempt of one goes to another provider, until all have had their turn. The same attempt has the same provider
// each time it is made, as long as policy and configuration stay as they are.
func (c *crew) pick(j rooms.Job, routes []rooms.Route) *member {
	candidates := c.configured(routes)
	if len(candidates) == 0 {
		return c.none
	}
	turn := max(j.Attempt-max(j.Moved, 1), 0) % len(candidates)
	slices.SortStableFunc(candidates, func(a, b weighted) int {
		return cmp.Or(-cmp.Compare(a.rank(j.ID()), b.rank(j.ID())), cmp.Compare(a.Name, b.Name))
	})
	return candidates[turn].member
}

// configured are the providers that a policy names, with its weights, or all of them if it names none.
func (c *crew) configured(routes []rooms.Route) []weighted {
	var found []weighted
	if len(routes) == 0 {
		for _, m := range c.members {
			found = append(found, weighted{m, m.Weight})
		}
	}
	for _, r := range routes {
		at := slices.IndexFunc(c.members, func(m *member) bool { return m.Name == r.Provider })
		if at < 0 {
			c.miss(r.Provider)
			continue
		}
		found = append(found, weighted{c.members[at], r.Weight})
	}
	if !slices.ContainsFunc(found, func(w weighted) bool { return w.weight > 0 }) {
		for i := range found {
			found[i].weight = 1
		}
	}
	return found
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
