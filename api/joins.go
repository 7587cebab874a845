package api

import (
	"sync"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// joins bound the requests to join that each client makes of this node: each has somebody written to.
type joins struct {
	perMinute float64

	mu    sync.Mutex
	known map[rooms.Client]*pail
	swept time.Time
}

func newJoins(perMinute int, now time.Time) *joins {
	return &joins{perMinute: float64(perMinute), known: map[rooms.Client]*pail{}, swept: now}
}

// take counts a request, or refuses it.
func (j *joins) take(c rooms.Client, now time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sweep(now)
	p, ok := j.known[c]
	if !ok {
		p = &pail{j.perMinute, now}
		j.known[c] = p
	}
	p.fill(j.perMinute, now)
	if p.left < 1 {
		return problem.Of(v1.ProblemCodeTooManyJoins)
	}
	p.left--
	return nil
}

// sweep forgets who has been quiet for a minute.
func (j *joins) sweep(now time.Time) {
	if now.Sub(j.swept) < time.Minute {
		return
	}
	j.swept = now
	for c, p := range j.known {
		if now.Sub(p.at) >= time.Minute {
			delete(j.known, c)
		}
	}
}
