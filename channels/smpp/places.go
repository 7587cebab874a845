package smpp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

var errNoBind = errors.New("no bind at the centre")

// places are where messages may be under way: as many on each session as its window has. What waits for one gets the next
// that is free, on whichever session, the most urgent lane first.
type places struct {
	mu      sync.Mutex
	free    []*session
	waiting lanes.Line[chan *session] // each of which gets one session, or nil where none could be had
	live    map[*session]bool
	down    bool // the last try to bind has failed, and no session stands
	closed  bool // for good
}

func newPlaces() *places { return &places{live: map[*session]bool{}} }

// take waits for a place, unless there is no session and none could be had. Where there are sessions and their windows stay
// full, or ctx is cancelled, the error is a *lanes.Full: that is no fault of the centre's.
func (p *places) take(ctx context.Context, lane rooms.Lane) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, lanes.Patience(ctx))
	defer cancel()
	lanes.Tell(ctx, true)
	defer lanes.Tell(ctx, false)
	for {
		comes, err := p.ask(lane)
		if err != nil {
			return nil, err
		}
		var s *session
		select {
		case s = <-comes:
		case <-ctx.Done():
			if err := p.giveUp(ctx, comes); err != nil {
				return nil, err
			}
			s = <-comes // it came with the end
		}
		switch {
		case s == nil:
			return nil, errNoBind
		case s.bound():
			return s, nil
		}
	}
}

// ask gives where a session comes, at once if one has a place.
func (p *places) ask(lane rooms.Lane) (chan *session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.none() {
		return nil, errNoBind
	}
	comes := make(chan *session, 1)
	if n := len(p.free); n > 0 {
		comes <- p.free[0]
		p.free = slices.Delete(p.free, 0, 1)
		return comes, nil
	}
	p.waiting.Join(lane, comes)
	return comes, nil
}

// giveUp ends the waiting; nil if the place has come meanwhile.
func (p *places) giveUp(ctx context.Context, comes chan *session) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.waiting.Leave(comes):
		return nil
	case len(p.live) > 0, errors.Is(ctx.Err(), context.Canceled):
		return &lanes.Full{After: time.Second}
	}
	return ctx.Err()
}

// give takes a place back.
func (p *places) give(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live[s] {
		p.offer(s)
	}
}

// offer gives a place to the first who waits.
func (p *places) offer(s *session) {
	if first, ok := p.waiting.Next(lanes.Anybody[chan *session]); ok {
		first <- s
		return
	}
	p.free = append(p.free, s)
}

// join adds the places of a session.
func (p *places) join(s *session, window int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[s], p.down = true, false
	for range window {
		p.offer(s)
	}
}

// leave takes away the places of a session; those at work vanish as they are given back.
func (p *places) leave(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, s)
	p.free = slices.DeleteFunc(p.free, func(other *session) bool { return other == s })
	p.dismiss()
}

// failed notes that a try to bind has failed.
func (p *places) failed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	p.dismiss()
}

func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.dismiss()
}

// none says that no session can be had.
func (p *places) none() bool { return p.closed || p.down && len(p.live) == 0 }

// dismiss sends away who waits where no session can be had.
func (p *places) dismiss() {
	for p.none() && p.waiting.Len() > 0 {
		first, _ := p.waiting.Next(lanes.Anybody[chan *session])
		first <- nil
	}
}
