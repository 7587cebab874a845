package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// patience bounds how long one part may take to stop. Those that wait for others have shorter times of their own.
const patience = time.Minute

// crew is what has been started: parts that run in the background, and things to be closed. They are stopped in the
// reverse order, every one of them even if one before it failed.
type crew struct {
	log    *slog.Logger
	stops  []stop
	failed chan error // the first part that ended by itself
}

type stop struct {
	name string
	fn   func() error
}

func newCrew(log *slog.Logger) *crew { return &crew{log: log, failed: make(chan error, 1)} }

// onStop has something closed in its turn.
func (c *crew) onStop(name string, fn func() error) { c.stops = append(c.stops, stop{name, fn}) }

// run starts a part, which works until its context ends. One that ends before is reported on failed.
func (c *crew) run(name string, part func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := part(ctx)
		if ctx.Err() == nil {
			c.fail(name, err)
			err = nil // said once
		}
		done <- err
	}()
	c.onStop(name, func() error {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}

func (c *crew) fail(name string, err error) {
	if err == nil {
		err = errors.New("ended by itself")
	}
	err = fmt.Errorf("%s: %w", name, err)
	c.log.Error("a part of the program is gone; the program stops", "error", err)
	select {
	case c.failed <- err:
	default:
	}
}

// during does something for as long as no part ends by itself; if one does, its error is given.
func (c *crew) during(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = do(ctx)
	}()
	select {
	case <-done:
		return err
	case failed := <-c.failed:
		cancel()
		<-done
		return failed
	}
}

// wait returns when ctx ends, or with the error of a part that ended by itself.
func (c *crew) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.failed:
		return err
	}
}

// stop stops all, the last one first.
func (c *crew) stop() error {
	var all []error
	for i := len(c.stops) - 1; i >= 0; i-- {
		s := c.stops[i]
		if err := bounded(s.fn); err != nil {
			c.log.Warn("stopping", "part", s.name, "error", err)
			all = append(all, fmt.Errorf("stop %s: %w", s.name, err))
		}
	}
	c.stops = nil
	return errors.Join(all...)
}

func bounded(fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		return fmt.Errorf("still not stopped after %s; left behind", patience)
	}
}
