package replies

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Many rooms are looked at side by side, but of those who have that done only some at once.
func TestWalksAreFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w walks
		var now, most atomic.Int64
		var all sync.WaitGroup
		begin := time.Now()
		for range 4 {
			all.Go(func() {
				said, err := w.each(t.Context(), 10*roomsAtOnce, func(_ context.Context, i int) (bool, error) {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Second)
					now.Add(-1)
					return i == 7, nil
				})
				if err != nil || len(said) != 10*roomsAtOnce || !said[7] || said[8] {
					t.Errorf("%v, %v", said, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(begin); took != 20*time.Second || most.Load() > walksAtOnce*roomsAtOnce {
			t.Errorf("it took %s, with %d at once", took, most.Load())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w.under <- struct{}{}
		w.under <- struct{}{}
		if _, err := w.each(ctx, 99, nil); err == nil {
			t.Error("it was not waited for")
		}
	})
}
