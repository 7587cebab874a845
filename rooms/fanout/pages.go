package fanout

import (
	"context"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// pagesTogether is how many pages are taken at once; small ones share a batch.
const pagesTogether = 16

// pages makes jobs of the lane's pages, in order.
func (l *lane) pages(ctx context.Context) error {
	for ctx.Err() == nil {
		batch, err := l.queue.Fetch(ctx, pagesTogether, idle)
		if err != nil && ctx.Err() == nil {
			l.complain(ctx, "the planner cannot read its pages", err)
		}
		if len(batch) == 0 {
			continue
		}
		held := make([]*stream.Held, len(batch))
		for i := range batch {
			held[i] = batch[i].Held
		}
		if !l.insist(ctx, held, func() error { return l.expand(ctx, batch) }) {
			break
		}
		select {
		case l.expanded <- struct{}{}:
		default:
		}
	}
	return ctx.Err()
}

// expand prepares one page while the jobs of the one before are being stored.
func (l *lane) expand(ctx context.Context, batch []stream.HeldPage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan result, 1)
	go func() {
		defer close(ready)
		for _, page := range batch {
			p, err := l.prepare(ctx, page.Page)
			select {
			case ready <- result{p, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return l.store(ctx, ready)
}

type result struct {
	planned
	err error
}

// store enqueues pages as they are ready, as many together as a batch holds, and records all
// of them at the end.
func (l *lane) store(ctx context.Context, ready <-chan result) error {
	var s step
	recipients := 0
	for r := range ready {
		if r.err != nil {
			return r.err
		}
		if recipients+len(r.jobs.Marks) > rooms.PageSize {
			if err := s.enqueue(ctx, l.log, l.name); err != nil {
				return err
			}
			recipients = 0
		}
		s.add(r.planned)
		recipients += len(r.jobs.Marks) + 1
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.finish(ctx, l.log, l.name)
}
