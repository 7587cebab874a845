package email

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// No more than allowed are inside at once for one domain, whatever its case; another domain does not wait for it.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(3)
		var mu sync.Mutex
		inside, most := 0, 0
		var crowd sync.WaitGroup
		for i := range 20 {
			crowd.Go(func() {
				leave, err := g.enter(t.Context(), []string{"People.test", "people.TEST"}[i%2])
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				time.Sleep(time.Minute) // of the test's own clock
				mu.Lock()
				inside--
				mu.Unlock()
				leave()
			})
		}
		synctest.Wait()
		leave, err := g.enter(t.Context(), "other.test")
		if err != nil {
			t.Error(err)
		}
		leave()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.enter(ctx, "people.test"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who has no time to wait was let in: %v", err)
		}
		crowd.Wait()
		if most != 3 {
			t.Errorf("%d were inside at once, want 3", most)
		}
		if len(g.doors) != 0 {
			t.Errorf("%d domains are remembered to which nothing goes", len(g.doors))
		}
	})
}
