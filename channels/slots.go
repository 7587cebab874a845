package channels

import (
	"context"
	"sync"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// slots hand out what a provider takes a second, at even distances. Who waits is served by lane, the most urgent first,
// and within a lane in the order of coming; so whatever waits behind it, an emergency has the next slot. Nodes that share
// a rate have each the same part of it.
type slots struct {
	whole time.Duration // between two of them where this node is alone; 0: there is no limit

	mu      sync.Mutex
	every   time.Duration // between two of them
	sharing int           // nodes
	held    bool          // this node has no share yet
	next    time.Time     // when the next one is free
	waiting lanes.Line[chan struct{}]
	timer   *time.Timer // runs while somebody waits
}

func newSlots(rate float64) *slots {
	s := &slots{sharing: 1}
	if rate > 0 {
		s.whole = time.Duration(float64(time.Second) / rate)
		s.every = s.whole
	}
	return s
}

// share has so many nodes share the rate, of which this one has no part yet if it is held.
func (s *slots) share(nodes int, held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sharing, s.held, s.every = nodes, held, time.Duration(nodes)*s.whole
}

// nodes are how many share the rate.
func (s *slots) nodes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sharing
}

// none says that this node has no share yet.
func (s *slots) none() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// take waits for a slot and says whether there was one before ctx ended.
func (s *slots) take(ctx context.Context, lane rooms.Lane) bool {
	if s.whole == 0 {
		return true
	}
	if s.none() {
		return false
	}
	mine := s.ask(lane)
	if mine == nil {
		return true
	}
	select {
	case <-mine:
		return true
	case <-ctx.Done():
		return !s.leave(mine)
	}
}

// ask takes a slot that is free, or gives what is closed when there is one.
func (s *slots) ask(lane rooms.Lane) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.timer == nil && !now.Before(s.next) {
		s.next = now.Add(s.every)
		return nil
	}
	mine := make(chan struct{})
	s.waiting.Join(lane, mine)
	if s.timer == nil {
		s.timer = time.AfterFunc(s.next.Sub(now), s.serve)
	}
	return mine
}

// madeUp is how far what comes late, or is given back, is made up for: so nothing leaves at more than the rate for longer.
const madeUp = 100 * time.Millisecond

// serve gives those slots away that have become free, and waits for the next one while there is anybody left. A timer
// that is late makes up for it.
func (s *slots) serve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if oldest := now.Add(-madeUp); s.next.Before(oldest) {
		s.next = oldest
	}
	for !now.Before(s.next) && s.serveOne() {
		s.next = s.next.Add(s.every)
	}
	if s.waiting.Len() > 0 {
		s.timer.Reset(s.next.Sub(now))
		return
	}
	s.timer = nil
}

func (s *slots) serveOne() bool {
	first, ok := s.waiting.Next(lanes.Anybody[chan struct{}])
	if ok {
		close(first)
	}
	return ok
}

// leave gives up waiting; false if the slot has come meanwhile.
func (s *slots) leave(mine chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting.Leave(mine)
}

// back gives a slot back that was taken then and with which nothing was sent: the next one is free so much sooner. One that
// comes late is lost, so that many that come in one moment let no burst through.
func (s *slots) back(taken time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(taken) > max(s.every, madeUp) {
		return
	}
	s.next = s.next.Add(-s.every)
	if oldest := now.Add(-madeUp); s.next.Before(oldest) {
		s.next = oldest
	}
	if s.timer != nil {
		s.timer.Reset(s.next.Sub(now))
	}
}
