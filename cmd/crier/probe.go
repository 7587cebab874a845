package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// probeEvery is for how long the outcome of a probe counts.
const probeEvery = time.Second

// probe knows whether a durable write is possible, by making one.
type probe struct {
	write func(context.Context) error

	mu   sync.Mutex
	at   time.Time
	last error
}

// ready writes, once a second at most; in between the last outcome counts. That of somebody who
// did not wait for it says nothing.
func (p *probe) ready(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() || time.Since(p.at) >= probeEvery {
		err := p.write(ctx)
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		p.last, p.at = err, time.Now()
	}
	return p.last
}
