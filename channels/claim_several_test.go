package channels

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// One of two providers hangs for an hour, and says at the end of each call that nothing was sent. Nobody has to decide about
// anything then, few deliveries try it, and it is found when it is well again.
func TestHangingProviderLeavesNothingUndecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := avoiding{diary: &diary{}}
		var well atomic.Bool
		var asked atomic.Int64
		hangs := send(func(ctx context.Context, _ rooms.Delivery) Outcome {
			asked.Add(1)
			if well.Load() {
				return Outcome{Result: Sent}
			}
			<-ctx.Done()
			return Outcome{Result: Deferred, Reason: rooms.TimedOut}
		})
		w := a.worker(hangs)
		w.timeout, w.crew = 30*time.Second, twins(HealthOptions{}, hangs, always(Outcome{Result: Sent}))
		second := func(n int) {
			go w.do(t.Context(), t.Context(), a.job(n), nobody)
			time.Sleep(time.Second)
		}
		for n := range 3600 {
			second(n)
		}
		if n := asked.Load(); n < 30 || n > 75 {
			t.Errorf("it was asked %d times in an hour", n)
		}
		well.Store(true)
		before := asked.Load()
		for n := range 200 {
			second(3600 + n)
		}
		if n := asked.Load() - before; n < 40 {
			t.Errorf("it is well again, and was asked %d times in 200 s", n)
		}
		time.Sleep(time.Minute)
		sent, deferred := 0, 0
		for _, l := range a.read() {
			switch {
			case strings.HasPrefix(l, "record sent"):
				sent++
			case strings.HasPrefix(l, "record") && strings.HasSuffix(l, string(rooms.TimedOut)):
				deferred++
			case strings.HasPrefix(l, "record"):
				t.Error(l)
			}
		}
		if sent+deferred != 3800 {
			t.Errorf("%d sent, %d of 3800 to be sent later", sent, deferred)
		}
	})
}
