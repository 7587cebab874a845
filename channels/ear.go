package channels

import (
	"context"
	"errors"
	"sync"
)

// ErrNobody says that nobody listens.
var ErrNobody = errors.New("channels: nobody listens")

// Ear hands what comes in to whoever listens: for a provider that others call, or that reads for several. Its zero value
// has nobody listening.
type Ear[T any] struct {
	mu      sync.Mutex
	hearing func(context.Context, T) error
	turn    int // of the listener
}

// Listen has fn hear until ctx ends. Of several the last one hears.
func (e *Ear[T]) Listen(ctx context.Context, fn func(context.Context, T) error) error {
	end := e.Begin(fn)
	<-ctx.Done()
	end()
	return ctx.Err()
}

// Begin has fn hear until end is called.
func (e *Ear[T]) Begin(fn func(context.Context, T) error) (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.turn++
	mine := e.turn
	e.hearing = fn
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.turn == mine {
			e.hearing = nil
		}
	}
}

// Tell returns once what was said is durable: when the listener's function has returned. Without one it is ErrNobody.
func (e *Ear[T]) Tell(ctx context.Context, what T) error {
	e.mu.Lock()
	fn := e.hearing
	e.mu.Unlock()
	if fn == nil {
		return ErrNobody
	}
	return fn(ctx, what)
}

// Listened says whether somebody listens.
func (e *Ear[T]) Listened() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hearing != nil
}
