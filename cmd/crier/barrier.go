package main

import (
	"context"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
)

// barrierPatience bounds one passage, barrierPause separates its attempts.
const (
	barrierPatience = 30 * time.Second
	barrierPause    = 50 * time.Millisecond
)

// barrier lets many callers wait together for the same thing. Who arrives while a passage is under way waits for the
// next, since the present one may have begun too early for him.
type barrier struct {
	pass func(context.Context) error

	mu      sync.Mutex
	running bool
	next    *passage
}

type passage struct {
	done chan struct{}
	err  error
}

func newBarrier(pass func(context.Context) error) *barrier { return &barrier{pass: pass} }

// wait returns after a passage that began after the call.
func (b *barrier) wait(ctx context.Context) error {
	p := b.join()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *barrier) join() *passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = &passage{done: make(chan struct{})}
	}
	if !b.running {
		b.running = true
		go b.run()
	}
	return b.next
}

func (b *barrier) run() {
	for p := b.take(); p != nil; p = b.take() {
		p.err = b.insist()
		close(p.done)
	}
}

// insist repeats a passage that fails, as it does while a leader is being elected: all who wait would fail with it.
func (b *barrier) insist() error {
	ctx, cancel := context.WithTimeout(context.Background(), barrierPatience)
	defer cancel()
	for {
		err := b.pass(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, barrierPause)
	}
}

// take gives the passage that callers wait for, nil if nobody does.
func (b *barrier) take() *passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.next
	b.next = nil
	b.running = p != nil
	return p
}

// foldEvents waits until the index knows every event that is recorded now.
func foldEvents(ctx context.Context, l *stream.Log, x *index.Index) error {
	events, err := l.EventsEnd(ctx)
	if err != nil {
		return err
	}
	return x.WaitFor(ctx, 0, events)
}
