package channels

import (
	"context"
	"slices"
	"sync"
	"time"

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
	waiting map[rooms.Lane][]chan struct{}
	timer   *time.Timer // runs while somebody waits
}

func newSlots(rate float64) *slots {
	s := &slots{waiting: map[rooms.Lane][]chan struct{}{}, sharing: 1}
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
		return !s.leave(lane, mine)
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
	s.waiting[lane] = append(s.waiting[lane], mine)
	if s.timer == nil {
		s.timer = time.AfterFunc(s.next.Sub(now), s.serve)
	}
	return mine
}

// serve gives those slots away that have become free, and waits for the next one while there is anybody left. A timer
// that is late makes up for it, but for no more than a tenth of a second.
func (s *slots) serve() {
	const late = 100 * time.Millisecond
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if oldest := now.Add(-late); s.next.Before(oldest) {
		s.next = oldest
	}
	for !now.Before(s.next) && s.serveOne() {
		s.next = s.next.Add(s.every)
	}
	if s.anybody() {
		s.timer.Reset(s.next.Sub(now))
		return
	}
	s.timer = nil
}

func (s *slots) serveOne() bool {
	for _, lane := range rooms.Lanes() {
		if line := s.waiting[lane]; len(line) > 0 {
			close(line[0])
			s.waiting[lane] = line[1:]
			return true
		}
	}
	return false
}

func (s *slots) anybody() bool {
	for _, line := range s.waiting {
		if len(line) > 0 {
			return true
		}
	}
	return false
}

// leave gives up waiting; false if the slot has come meanwhile.
func (s *slots) leave(lane rooms.Lane, mine chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.waiting[lane], mine)
	if at < 0 {
		return false
	}
	s.waiting[lane] = slices.Delete(s.waiting[lane], at, at+1)
	return true
}
