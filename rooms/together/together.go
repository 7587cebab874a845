// Package together lets many callers wait for one answer.
//
// It promises that an answer was asked for after the call that gets it: who comes while a
// question is being asked waits for the next time. It bounds no time: the question does that.
package together

import (
	"context"
	"sync"
)

// Question is asked once for all who wait. Who comes while it is being asked waits for the next
// time, since the present answer may be older than his call.
type Question[T any] struct {
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

// New makes a question. ask works under a context that never ends, so it has a time limit of its
// own; the callers' end only their waiting.
func New[T any](ask func(context.Context) (T, error)) *Question[T] { return &Question[T]{ask: ask} }

// Get gives an answer that was asked for after the call.
func (q *Question[T]) Get(ctx context.Context) (T, error) {
	r := q.join()
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (q *Question[T]) join() *round[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == nil {
		q.next = &round[T]{done: make(chan struct{})}
	}
	if !q.running {
		q.running = true
		go q.run()
	}
	return q.next
}

func (q *Question[T]) run() {
	for r := q.take(); r != nil; r = q.take() {
		r.value, r.err = q.ask(context.Background()) // which has a time limit of its own
		close(r.done)
	}
}

// take gives the round that callers wait for, nil if nobody does.
func (q *Question[T]) take() *round[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.next
	q.next = nil
	q.running = r != nil
	return r
}
