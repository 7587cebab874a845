package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
)

// knowledge is what is derived from the log: the index, and the rooms.
type knowledge struct {
	*recall
	rooms       *registry.Rooms
	subscribers *registry.Subscribers
}

// openKnowledge opens the index and has it follow the log; so with the rooms, all of which are known when it returns.
func (a *App) openKnowledge(ctx context.Context, c *crew, s *store) (*knowledge, error) {
	o := a.config.Index
	o.Logger, o.Metrics = a.log.With("part", "index"), a.metrics
	var err error
	if o.Source, err = s.log.Identity(ctx); err != nil {
		return nil, err
	}
	x, err := index.Open(o)
	if err != nil {
		return nil, err
	}
	c.onStop("index", x.Close)
	c.run("fold", func(ctx context.Context) error { return x.Run(ctx, s.log) })

	k := &knowledge{
		recall:      &recall{index: x, log: s.log, told: newBarrier(func(ctx context.Context) error { return foldEvents(ctx, s.log, x) })},
		rooms:       registry.NewRooms(s.log),
		subscribers: registry.NewSubscribers(s.log, s.vault),
	}
	c.run("catching up", k.catchUp)
	c.run("rooms", func(ctx context.Context) error { return k.rooms.Run(ctx, s.log) })
	select {
	case <-k.rooms.Ready():
		return k, nil
	case err := <-c.failed:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// recall answers from the index what the others ask about the past.
type recall struct {
	index *index.Index
	log   index.Log
	told  *barrier     // behind it, everything recorded before is known
	whole atomic.Int64 // the generation of the index that has reached the log's end, counted from 1; 0 for none
}

var (
	errCatchingUp = errors.New("the index has not reached the log's end as of the start")

	_ publish.Memory = (*recall)(nil)
)

// catchUp says in time that the index is whole, and again each time that it was begun anew.
func (r *recall) catchUp(ctx context.Context) error {
	for ctx.Err() == nil {
		generation, anew := r.index.Generation(), r.index.Anew()
		if err := r.index.Wait(ctx, r.log); err != nil {
			pause(ctx, time.Second)
			continue
		}
		r.whole.Store(generation + 1)
		select {
		case <-anew:
		case <-ctx.Done():
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Ready says whether the index is whole.
func (r *recall) Ready(context.Context) error {
	if r.whole.Load() != r.index.Generation()+1 {
		return errCatchingUp
	}
	return nil
}

// Wait returns when the index has folded the log to its end as of the call.
func (r *recall) Wait(ctx context.Context) error { return r.index.Wait(ctx, r.log) }

// Lookup finds a transaction of the past. It answers only once the index is whole: before, an old one would pass for new.
func (r *recall) Lookup(txids ...string) (publish.Known, bool, error) {
	if err := r.Ready(context.Background()); err != nil {
		return publish.Known{}, false, fmt.Errorf("%w: %w", publish.ErrUnavailable, err)
	}
	k, ok, err := r.index.Lookup(txids...)
	return publish.Known{UMID: k.UMID, MHASH: k.MHASH, Room: k.Room}, ok, err
}

// Settled says, after everything recorded so far is known, whether an attempt is needless: something of the same or a
// later one is recorded, or that the delivery is sent or done with.
func (r *recall) Settled(ctx context.Context, id rooms.DeliveryID, attempt int) (bool, error) {
	if err := r.told.wait(ctx); err != nil {
		return false, err
	}
	s, err := r.index.State(id)
	if err != nil {
		return false, err
	}
	switch s.Status {
	case rooms.Sent, rooms.Delivered, rooms.Failed:
		return true, nil
	case rooms.Errored:
		return s.Attempt >= attempt, nil
	}
	return false, nil
}
