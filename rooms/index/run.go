package index

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Log is what the index folds: the streams ROOMS and EVENTS.
//
// The tails give every entry whose sequence is above after, in order, in batches of up to 1000,
// as large as what waits; they return when ctx ends or fn fails, and may be called again from
// where the index then stands. Ends are the sequences of the last entries that exist now, 0
// where there are none.
type Log interface {
	TailHeaders(ctx context.Context, after uint64, fn func([]rooms.Header) error) error
	TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error
	Ends(ctx context.Context) (messages, events uint64, err error)
}

// Run folds the log until ctx ends, which gives nil, or until the index is closed, which gives
// ErrClosed. A tail that fails is tried again after Options.Pause. It is called once.
func (x *Index) Run(ctx context.Context, log Log) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tails sync.WaitGroup
	tails.Go(func() { x.follow(ctx, cancel, "ROOMS", x.tailHeaders(log)) })
	tails.Go(func() { x.follow(ctx, cancel, "EVENTS", x.tailEvents(log)) })
	tails.Wait()
	if errors.Is(context.Cause(ctx), ErrClosed) {
		return ErrClosed
	}
	return nil
}

// follow runs one tail again and again.
func (x *Index) follow(ctx context.Context, cancel context.CancelCauseFunc, stream string, tail func(context.Context) error) {
	for ctx.Err() == nil {
		err := tail(ctx)
		switch {
		case errors.Is(err, ErrClosed):
			cancel(ErrClosed)
		case errors.Is(err, errAnew) || ctx.Err() != nil:
		default:
			x.options.Logger.Warn("tail of the log ended, another begins", "stream", stream, "error", err)
			pause(ctx, x.options.Pause)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// start is where a tail begins: the position, and the generation of the file that it is in.
type start struct {
	generation       int
	messages, events uint64
	anew             <-chan struct{}
}

func (x *Index) start() start {
	x.writing.Lock()
	defer x.writing.Unlock()
	messages, events := x.position.now()
	return start{x.generation, messages, events, x.anew}
}

// during runs a tail until the file is begun anew, which gives errAnew.
func (s start) during(ctx context.Context, tail func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.anew:
			cancel(errAnew)
		case <-ctx.Done():
		}
	}()
	err := tail(ctx)
	if errors.Is(context.Cause(ctx), errAnew) {
		return errAnew
	}
	return err
}

func (x *Index) tailHeaders(log Log) func(context.Context) error {
	return func(ctx context.Context) error {
		s := x.start()
		return s.during(ctx, func(ctx context.Context) error {
			return log.TailHeaders(ctx, s.messages, func(headers []rooms.Header) error {
				return inParts(ctx, x, s, headers, x.foldHeaders)
			})
		})
	}
}

func (x *Index) tailEvents(log Log) func(context.Context) error {
	return func(ctx context.Context) error {
		s := x.start()
		return s.during(ctx, func(ctx context.Context) error {
			return log.TailEvents(ctx, s.events, func(events []rooms.Event) error {
				return inParts(ctx, x, s, events, x.foldEvents)
			})
		})
	}
}

// restShare is how much longer the fold rests than it has worked: under load it leaves most of
// a core to those whom people wait for, and catches up when they are done.
const restShare = 2

// inParts folds what a tail gives, and forgets what has grown old. Then it rests, unless
// somebody waits for it: after little so that the next part is larger, after much so that
// others can work.
func inParts[T any](ctx context.Context, x *Index, s start, entries []T, fold func(context.Context, int, []T) error) error {
	began := time.Now()
	for part := range slices.Chunk(entries, x.options.BatchSize) {
		if err := fold(ctx, s.generation, part); err != nil {
			return err
		}
	}
	if err := x.trim(ctx, s.generation); err != nil {
		return err
	}
	x.position.rest(ctx, max(x.options.Gather, restShare*time.Since(began)))
	return nil
}

// foldHeaders folds entries of ROOMS and moves the position in one transaction.
func (x *Index) foldHeaders(ctx context.Context, generation int, headers []rooms.Header) error {
	start := time.Now()
	before, _ := x.position.now()
	last := number(max(before, headers[len(headers)-1].Sequence))
	err := x.write(ctx, generation, foldedTo{messages: uint64(last)}, func(b *batch) error {
		b.dirty[messagesKey] = &last
		return b.headers(headers)
	})
	if err != nil {
		return err
	}
	x.counts.messages.Add(len(headers))
	x.counts.seconds.UpdateDuration(start)
	return nil
}

// foldEvents folds entries of EVENTS and moves the position in one transaction.
func (x *Index) foldEvents(ctx context.Context, generation int, events []rooms.Event) error {
	start := time.Now()
	_, before := x.position.now()
	last := number(max(before, events[len(events)-1].Sequence))
	err := x.write(ctx, generation, foldedTo{events: uint64(last)}, func(b *batch) error {
		b.dirty[eventsKey] = &last
		return b.events(events)
	})
	if err != nil {
		return err
	}
	x.counts.events.Add(len(events))
	x.counts.seconds.UpdateDuration(start)
	return nil
}
