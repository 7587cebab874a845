package whatsapp

import (
	"context"
	"errors"
	"sync"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

var errNobody = errors.New("whatsapp: nobody listens")

// ear hands what comes in to whoever listens.
type ear[T any] struct {
	mu      sync.Mutex
	hearing func(context.Context, T) error
	turn    int // of the listener
}

// listen has fn hear until ctx ends. Of several the last one hears.
func (e *ear[T]) listen(ctx context.Context, fn func(context.Context, T) error) error {
	e.mu.Lock()
	e.turn++
	mine := e.turn
	e.hearing = fn
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.turn == mine {
		e.hearing = nil
	}
	return ctx.Err()
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

// Receipts has fn hear what Meta reports. What fn fails at is answered so that Meta comes again.
func (c *Cloud) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	return c.receipts.listen(ctx, fn)
}

// Inbound has fn hear what people write. What fn fails at is answered so that Meta comes again.
func (c *Cloud) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	return c.texts.listen(ctx, fn)
}
