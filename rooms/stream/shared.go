package stream

import (
	"context"
	"sync"
)

// shared lets many callers ask one question together. Who comes while it is being asked waits for
// the next time, since the present answer may be older than his call.
type shared[T any] struct {
	ask func(context.Context) (T, error)

	mu      sync.Mutex
	running bool
	next    *round[T]
}

type round[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// get gives an answer that was asked for after the call.
func (s *shared[T]) get(ctx context.Context) (T, error) {
	r := s.join()
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (s *shared[T]) join() *round[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = &round[T]{done: make(chan struct{})}
	}
	if !s.running {
		s.running = true
		go s.run()
	}
	return s.next
}

func (s *shared[T]) run() {
	for r := s.take(); r != nil; r = s.take() {
		r.value, r.err = s.ask(context.Background()) // which has a time limit of its own
		close(r.done)
	}
}

// take gives the round that callers wait for, nil if nobody does.
func (s *shared[T]) take() *round[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.next
	s.next = nil
	s.running = r != nil
	return r
}
