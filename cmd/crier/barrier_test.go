package main

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Who arrives while a passage is under way waits for the next; all who wait share one.
func TestBarrierIsPassedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passages atomic.Int32
		b := newBarrier(func(context.Context) error {
			time.Sleep(time.Second) // the bubble's own time
			passages.Add(1)
			return nil
		})
		began := time.Now()
		var all sync.WaitGroup
		all.Go(func() { _ = b.wait(t.Context()) })
		synctest.Wait() // the first passage is under way
		for range 50 {
			all.Go(func() {
				if err := b.wait(t.Context()); err != nil {
					t.Error(err)
				}
				if time.Since(began) < 2*time.Second {
					t.Error("a passage that had begun before was taken for enough")
				}
			})
		}
		all.Wait()
		if n := passages.Load(); n != 2 {
			t.Errorf("%d passages, want 2", n)
		}
	})
}

func TestBarrierIsLeftWhenTheCallerIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBarrier(func(context.Context) error { time.Sleep(time.Second); return nil })
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := b.wait(ctx); err == nil {
			t.Error("passed before the passage was over")
		}
		synctest.Wait()
		time.Sleep(time.Second)
	})
}
