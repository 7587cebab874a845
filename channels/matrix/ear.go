package matrix

import (
	"context"
	"errors"
	"sync"
)

// errNobody says that nobody listens.
var errNobody = errors.New("matrix: nobody listens")

// ear hands what comes in to whoever listens.
type ear[T any] struct {
	mu      sync.Mutex
	hearing func(context.Context, T) error
	turn    int // of the listener
}

// begin has fn hear, until it calls what it gets. Of several the last one hears.
func (e *ear[T]) begin(fn func(context.Context, T) error) (end func()) {
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

// tell returns once what was said is durable.
func (e *ear[T]) tell(ctx context.Context, what T) error {
	e.mu.Lock()
	fn := e.hearing
	e.mu.Unlock()
	if fn == nil {
		return errNobody
	}
	return fn(ctx, what)
}
