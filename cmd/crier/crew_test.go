package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestCrewStopsInReverseWhateverFails(t *testing.T) {
	c := newCrew(slog.New(slog.DiscardHandler))
	var order []string
	note := func(name string, err error) func() error {
		return func() error { order = append(order, name); return err }
	}
	c.onStop("store", note("store", nil))
	c.run("work", func(ctx context.Context) error { <-ctx.Done(); order = append(order, "work"); return ctx.Err() })
	c.onStop("api", note("api", errors.New("broken")))
	err := c.stop()
	if !slices.Equal(order, []string{"api", "work", "store"}) {
		t.Errorf("stopped in the order %v", order)
	}
	if err == nil || err.Error() != "stop api: broken" {
		t.Errorf("got %v", err)
	}
}

func TestCrewTellsOfAPartThatEnds(t *testing.T) {
	for name, cause := range map[string]error{"with an error": errors.New("broken"), "without": nil} {
		c := newCrew(slog.New(slog.DiscardHandler))
		c.run("work", func(context.Context) error { return cause })
		if err := c.wait(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "work: ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.stop(); err != nil {
			t.Errorf("%s: said twice: %v", name, err)
		}
	}
}

func TestCrewLeavesBehindWhoDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(slog.New(slog.DiscardHandler))
		hold := make(chan struct{})
		closed := false
		c.onStop("store", func() error { closed = true; return nil })
		c.run("work", func(context.Context) error { <-hold; return nil })
		if err := c.stop(); err == nil || !closed {
			t.Errorf("got %v, store closed: %t", err, closed)
		}
		close(hold)
		synctest.Wait()
	})
}
