package api

import (
	"cmp"
	"errors"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms/audit"
)

// StrangerOptions bound what callers without a good token can have written down.
type StrangerOptions struct {
	// PerMinute is how many refused calls of an address are answered and recorded one by one. Default 600.
	PerMinute int `yaml:"perMinute"`
}

func (o StrangerOptions) withDefaults() StrangerOptions {
	o.PerMinute = cmp.Or(o.PerMinute, 600)
	return o
}

func (o StrangerOptions) check() []error {
	if o.PerMinute < 0 {
		return []error{errors.New("strangers.perMinute is positive")}
	}
	return nil
}

const (
	maxAddresses   = 10_000      // that are told apart; the others are taken together
	sumUpStrangers = time.Minute // the time between two entries about many
)

// strangers holds back those who are refused again and again before anybody knows who they are. Whoever shows a good token is
// none of them, whatever his address.
type strangers struct {
	perMinute float64

	mu     sync.Mutex
	known  map[netip.Prefix]*pail
	others pail
	swept  time.Time
	silent int // refused since the last entry about many
	summed time.Time
}

// pail is a token bucket.
type pail struct {
	left float64
	at   time.Time
}

func newStrangers(o StrangerOptions, now time.Time) *strangers {
	n := float64(o.PerMinute)
	return &strangers{perMinute: n, known: map[netip.Prefix]*pail{}, others: pail{n, now}, swept: now, summed: now}
}

// refuse counts a refused call. It says whether that is too many of them from there, and how many of such are to be recorded
// in one entry now.
func (s *strangers) refuse(remote string, now time.Time) (tooMany bool, sum int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	p := s.of(remote, now)
	p.fill(s.perMinute, now)
	if p.left >= 1 {
		p.left--
		return false, 0
	}
	s.silent++
	if now.Sub(s.summed) >= sumUpStrangers {
		sum, s.silent, s.summed = s.silent, 0, now
	}
	return true, sum
}

// of gives the pail of an address: of IPv6 that of its network.
func (s *strangers) of(remote string, now time.Time) *pail {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return &s.others
	}
	addr, bits := at.Addr().Unmap(), 32
	if addr.Is6() {
		bits = 64
	}
	network, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return &s.others
	}
	p, ok := s.known[network]
	if !ok && len(s.known) >= maxAddresses {
		return &s.others
	}
	if !ok {
		p = &pail{s.perMinute, now}
		s.known[network] = p
	}
	return p
}

func (p *pail) fill(perMinute float64, now time.Time) {
	p.left = min(p.left+now.Sub(p.at).Minutes()*perMinute, perMinute)
	p.at = now
}

// sweep forgets who has been quiet for a minute.
func (s *strangers) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	for network, p := range s.known {
		if now.Sub(p.at) >= time.Minute {
			delete(s.known, network)
		}
	}
}

// holdBack answers strangers of whom there are too many calls in their own way, which is recorded for many together.
func (s *Server) holdBack(c *call, refused *problem.Error) *problem.Error {
	if refused == nil || c.client != "" || s.problems.Entry(refused.Code).Status >= 500 {
		return refused
	}
	tooMany, sum := s.strangers.refuse(c.r.RemoteAddr, c.start)
	if !tooMany {
		return refused
	}
	c.untold = true
	s.silenced.Inc()
	if sum > 0 {
		s.deps.Audit.Note(audit.Entry{
			Time: c.start.UTC(), Source: audit.Stranger, Destination: "many", Status: audit.Failed, Code: 429,
			Data: map[string]string{"problem": string(v1.ProblemCodeTooManyRequests), "calls": strconv.Itoa(sum)},
		})
	}
	return problem.Of(v1.ProblemCodeTooManyRequests)
}
