package index

import (
	"context"
	"sync"
	"time"
)

// progress is the position up to which the log is folded. Who waits for it is woken when it
// moves; nobody polls.
type progress struct {
	mu               sync.Mutex
	messages, events uint64
	closed           bool
	moved            chan struct{} // closed at the next move
	waiting          int           // how many wait
	wanted           chan struct{} // closed while somebody waits
}

func newProgress() *progress {
	return &progress{moved: make(chan struct{}), wanted: make(chan struct{})}
}

func (p *progress) now() (messages, events uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages, p.events
}

// advance moves forward only.
func (p *progress) advance(messages, events uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages, p.events = max(p.messages, messages), max(p.events, events)
	p.wake()
}

// set moves anywhere.
func (p *progress) set(messages, events uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages, p.events = messages, events
	p.wake()
}

func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.wake()
}

func (p *progress) wake() {
	close(p.moved)
	p.moved = make(chan struct{})
}

// look says whether the position is reached, or gives the channel of the next move.
func (p *progress) look(messages, events uint64) (reached bool, moved <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.messages >= messages && p.events >= events {
		return true, nil, nil
	}
	if p.closed {
		return false, nil, ErrClosed
	}
	return false, p.moved, nil
}

// rest waits for a while, but not while somebody waits for the fold: in that time more comes
// together, and what touches the same message is written once.
func (p *progress) rest(ctx context.Context, d time.Duration) {
	p.mu.Lock()
	wanted := p.wanted
	p.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-wanted:
	case <-ctx.Done():
	}
}

// want counts who waits.
func (p *progress) want(by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.waiting += by; {
	case by > 0 && p.waiting == by:
		close(p.wanted)
	case p.waiting == 0:
		p.wanted = make(chan struct{})
	}
}

// wait returns when the position is reached, ctx ends or the index closes.
func (p *progress) wait(ctx context.Context, messages, events uint64) error {
	p.want(1)
	defer p.want(-1)
	for {
		reached, moved, err := p.look(messages, events)
		if reached || err != nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
