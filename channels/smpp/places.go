package smpp

import (
	"context"
	"errors"
	"sync"
)

var errNoBind = errors.New("no bind at the centre")

// places are where messages may be under way: as many on each session as its window has. What waits for one gets the next
// that is free, on whichever session.
type places struct {
	free chan *session

	mu      sync.Mutex
	live    map[*session]bool
	down    bool          // the last try to bind has failed, and no session stands
	closed  bool          // for good
	changed chan struct{} // closed when one of these changes
}

func newPlaces(all int) *places {
	return &places{free: make(chan *session, all), live: map[*session]bool{}, changed: make(chan struct{})}
}

// take waits for a place, unless there is no session and none could be had.
func (p *places) take(ctx context.Context) (*session, error) {
	for {
		down, changed := p.state()
		if down {
			return nil, errNoBind
		}
		select {
		case s := <-p.free:
			if s.bound() {
				return s, nil
			}
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *places) state() (down bool, changed chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed || p.down && len(p.live) == 0, p.changed
}

// give takes a place back.
func (p *places) give(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live[s] {
		p.free <- s
	}
}

// join adds the places of a session.
func (p *places) join(s *session, window int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[s], p.down = true, false
	for range window {
		p.free <- s // there is room: leave has taken those of the session before
	}
	p.change()
}

// leave takes away the places of a session; those at work vanish as they are given back.
func (p *places) leave(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, s)
	for range len(p.free) {
		select {
		case other := <-p.free:
			if p.live[other] {
				p.free <- other
			}
		default:
		}
	}
	p.change()
}

// failed notes that a try to bind has failed.
func (p *places) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	p.change()
}

func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.change()
}

func (p *places) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}
