package broker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Many who want the same log shortened at a time have it shortened once more, if at all, after the one that is at it.
func TestCompactionsJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c compactions
		var all sync.WaitGroup
		runs := 0
		ask := func(upTo, got uint64) {
			all.Go(func() {
				err := c.join(t.Context(), "S-R3F-1", upTo, func() (uint64, error) {
					runs++
					time.Sleep(time.Second)
					return got, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		ask(5, 7)
		for range 100 {
			ask(6, 7) // the first is enough for these
		}
		for range 100 {
			ask(8, 9) // these came after it began
		}
		all.Wait()
		if runs != 2 {
			t.Errorf("%d times, want 2", runs)
		}
	})
}

// Nothing is done for who waits no longer.
func TestCompactionsSkipTheLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c compactions
		go func() {
			_ = c.join(t.Context(), "S-R3F-1", 1, func() (uint64, error) {
				time.Sleep(time.Minute)
				return 0, errors.New("it is written to")
			})
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		late := func() (uint64, error) {
			t.Error("it is shortened for nobody")
			return 1, nil
		}
		if err := c.join(ctx, "S-R3F-1", 1, late); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if err := c.join(ctx, "S-R3F-1", 1, late); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
