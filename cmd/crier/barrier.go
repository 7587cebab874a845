package main

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/together"
)

// barrierPatience bounds one passage, barrierPause separates its attempts.
const (
	barrierPatience = 30 * time.Second
	barrierPause    = 50 * time.Millisecond
)

// barrier lets many callers wait together for the same thing.
type barrier struct {
	passage *together.Question[struct{}]
}

func newBarrier(pass func(context.Context) error) *barrier {
	return &barrier{together.New(func(ctx context.Context) (struct{}, error) { return struct{}{}, insist(ctx, pass) })}
}

// wait returns after a passage that began after the call.
func (b *barrier) wait(ctx context.Context) error {
	_, err := b.passage.Get(ctx)
	return err
}

// insist repeats a passage that fails, as it does while a leader is being elected: all who wait would fail with it.
func insist(ctx context.Context, pass func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, barrierPatience)
	defer cancel()
	for {
		err := pass(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, barrierPause)
	}
}

// foldMessages waits until the index knows every message that is in the log now.
func foldMessages(ctx context.Context, l *stream.Log, x *index.Index) error {
	messages, err := l.MessagesEnd(ctx)
	if err != nil {
		return err
	}
	return x.WaitFor(ctx, messages, 0)
}

// foldEvents waits until the index knows every event that is recorded now.
func foldEvents(ctx context.Context, l *stream.Log, x *index.Index) error {
	events, err := l.EventsEnd(ctx)
	if err != nil {
		return err
	}
	return x.WaitFor(ctx, 0, events)
}
