package api

import (
	"sync"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// places are what clients may have open at the same time on this node.
type places struct {
	perClient, perNode int
	tooMany, full      v1.ProblemCode // of a client, of the node

	mu  sync.Mutex
	all int
	of  map[rooms.Client]int
}

func newPlaces(perClient, perNode int, tooMany, full v1.ProblemCode) places {
	return places{perClient: perClient, perNode: perNode, tooMany: tooMany, full: full, of: map[rooms.Client]int{}}
}

// enter takes a place, unless there is none; leave gives it back.
func (p *places) enter(client rooms.Client) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.of[client] >= p.perClient:
		return problem.Of(p.tooMany)
	case p.all >= p.perNode:
		return problem.Of(p.full)
	}
	p.all++
	p.of[client]++
	return nil
}

func (p *places) leave(client rooms.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.of[client]--; p.of[client] == 0 {
		delete(p.of, client)
	}
}
