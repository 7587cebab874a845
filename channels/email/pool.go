package email

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errClosed = errors.New("email: the provider is closed")

// pool keeps connections for the next message. Whoever takes one has a place, and keeps it until he has given the connection back;
// so there are never more than places: a new one is made only when none waits.
type pool struct {
	dial        func(context.Context) (*session, error)
	maxMessages int
	idleTimeout time.Duration

	mu     sync.Mutex
	idle   []*session // the last used at the end
	closed bool
}

func newPool(o Options, dial func(context.Context) (*session, error)) *pool {
	return &pool{
		dial:        dial,
		maxMessages: o.MaxMessagesPerConnection,
		idleTimeout: o.IdleTimeout,
	}
}

// take gives a connection that answers, one that waits if there is one. It must be given back.
func (p *pool) take(ctx context.Context) (*session, error) {
	for s := p.pop(); s != nil; s = p.pop() {
		if s.answers(ctx) {
			return s, nil
		}
		s.drop()
	}
	return p.open(ctx)
}

// takeNew gives a new connection, and ends those that wait: it is called when one of them was
// found dead, and the others are no younger.
func (p *pool) takeNew(ctx context.Context) (*session, error) {
	for s := p.pop(); s != nil; s = p.pop() {
		s.drop()
	}
	return p.open(ctx)
}

func (p *pool) open(ctx context.Context) (*session, error) {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return nil, &failure{connecting, errClosed}
	}
	return p.dial(ctx)
}

// give takes a connection back: to wait for the next message if it is healthy and has not had
// its share.
func (p *pool) give(s *session, healthy bool) {
	switch {
	case !healthy:
		s.drop()
	case s.sent >= p.maxMessages || !p.push(s):
		s.quit()
	}
}

// push says no if the pool is closed.
func (p *pool) push(s *session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	s.idleSince = time.Now()
	s.expiry = time.AfterFunc(p.idleTimeout, func() { p.expire(s) })
	p.idle = append(p.idle, s)
	return true
}

// pop gives the connection that has waited least, so that a quiet time lets the others end.
func (p *pool) pop() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	s := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	s.expiry.Stop()
	return s
}

// expire ends a connection unless it is at work again.
func (p *pool) expire(s *session) {
	if p.remove(s) {
		s.quit()
	}
}

func (p *pool) remove(s *session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle {
		if other == s {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return true
		}
	}
	return false
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	waiting := p.idle
	p.idle = nil
	p.mu.Unlock()

	var quitting sync.WaitGroup
	for _, s := range waiting {
		s.expiry.Stop()
		quitting.Go(s.quit)
	}
	quitting.Wait()
}
