package email

import (
	"context"
	"strings"
	"sync"
)

// gate lets so many messages at once go to each recipient domain. It knows the domains only to which something goes or
// waits to go.
type gate struct {
	limit int

	mu    sync.Mutex
	doors map[string]*door
}

// door is that of one domain.
type door struct {
	slots chan struct{}
	users int // who is inside, or waits
}

func newGate(limit int) *gate { return &gate{limit: limit, doors: map[string]*door{}} }

// enter waits for its turn. Whoever has entered must leave.
func (g *gate) enter(ctx context.Context, domain string) (leave func(), err error) {
	domain = strings.ToLower(domain)
	d := g.door(domain)
	select {
	case d.slots <- struct{}{}:
		return func() { <-d.slots; g.close(domain, d) }, nil
	case <-ctx.Done():
		g.close(domain, d)
		return nil, ctx.Err()
	}
}

func (g *gate) door(domain string) *door {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.doors[domain]
	if d == nil {
		d = &door{slots: make(chan struct{}, g.limit)}
		g.doors[domain] = d
	}
	d.users++
	return d
}

// close forgets a domain to which nothing goes any more.
func (g *gate) close(domain string, d *door) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(g.doors, domain)
	}
}
