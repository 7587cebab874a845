package channels

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestSlotsComeAtEvenDistances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(100)
		began := time.Now()
		var all sync.WaitGroup
		for range 301 {
			all.Go(func() { s.take(t.Context(), rooms.Bulk) })
		}
		all.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("301 slots of 100 a second took %s", took)
		}
		time.Sleep(time.Minute)
		began = time.Now()
		for range 3 {
			s.take(t.Context(), rooms.Bulk)
		}
		if took := time.Since(began); took != 20*time.Millisecond {
			t.Errorf("3 more after a rest took %s: slots that nobody took are lost", took)
		}
	})
}

func TestWhoLeavesTakesNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		s.take(t.Context(), rooms.Bulk)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if s.take(ctx, rooms.Emergency) {
			t.Error("there was a slot")
		}
		began := time.Now()
		if !s.take(t.Context(), rooms.Bulk) || time.Since(began) != 500*time.Millisecond {
			t.Errorf("the next one had to wait %s", time.Since(began))
		}
	})
}

// Slots that come back all in one moment make no burst: that which was taken a moment before is there for another, the rest is lost.
func TestSlotsThatComeBackMakeNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(10)
		began, left := time.Now(), atomic.Int64{}
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				s.take(t.Context(), rooms.Bulk)
				left.Add(1)
			})
		}
		time.Sleep(550 * time.Millisecond)
		for n := range 6 {
			s.back(began.Add(time.Duration(n) * 100 * time.Millisecond))
			synctest.Wait()
		}
		if n := left.Load() - 6; n != 1 {
			t.Errorf("%d left at once, want 1", n)
		}
		all.Wait()
		if took := time.Since(began); took != 1400*time.Millisecond {
			t.Errorf("16 of which one came back in time left within %s", took)
		}
	})
}

func TestWithoutRateNobodyWaits(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for range 1000 {
		if !newSlots(0).take(stopped, rooms.Bulk) {
			t.Fatal("waited")
		}
	}
}

// A provider of 100 a second is saturated by bulk; an emergency that comes is among the next two that leave.
func TestEmergencyIsAmongTheNextTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left, worst atomic.Int64
		var came sync.Map // of emergencies: how many had left when it came
		sink := send(func(_ context.Context, d rooms.Delivery) Outcome {
			n := left.Add(1)
			if before, ok := came.Load(d.ID.N); ok && d.Lane == rooms.Emergency {
				worst.Store(max(worst.Load(), n-before.(int64)))
			}
			time.Sleep(30 * time.Millisecond)
			return Outcome{Result: Sent}
		})
		w := newWorker(&diary{}, sink)
		w.crew = weights(w.log, Configured{Named: Named{"slow", sink}, Rate: 100})
		ctx, cancel := context.WithCancel(t.Context())
		var bulk sync.WaitGroup
		for n := range 64 {
			bulk.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					j := (&diary{}).job(n + 64*i)
					j.Lane = rooms.Bulk
					w.do(ctx, t.Context(), j, nobody)
				}
			})
		}
		time.Sleep(5 * time.Second)
		var urgent sync.WaitGroup
		for n := range 200 {
			urgent.Go(func() {
				time.Sleep(time.Duration(n) * 47 * time.Millisecond)
				j := (&diary{}).job(1_000_000 + n)
				j.Lane = rooms.Emergency
				came.Store(j.N, left.Load())
				w.do(t.Context(), t.Context(), j, nobody)
			})
		}
		urgent.Wait()
		elapsed := 5*time.Second + 200*47*time.Millisecond
		cancel()
		total := left.Load()
		bulk.Wait()
		if worst.Load() > 2 || worst.Load() < 1 {
			t.Errorf("an emergency was number %d of those that left", worst.Load())
		}
		if most := int64(elapsed/(10*time.Millisecond)) + 10; total > most || total < most*8/10 {
			t.Errorf("%d left in %s at 100 a second", total, elapsed)
		}
	})
}

// What finds no slot goes back to the queue, unsent and unrecorded.
func TestNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, always(Outcome{Result: Sent}))
		w.crew = weights(w.log, Configured{Named: Named{"slow", always(Outcome{Result: Sent})}, Rate: 0.01})
		began := time.Now()
		for n := range 2 {
			w.do(t.Context(), t.Context(), d.job(n), nobody)
		}
		if took := time.Since(began); took != slotPatience {
			t.Errorf("waited %s", took)
		}
		got := fmt.Sprint(d.read()[len(d.read())-1])
		if got != "later 5s" {
			t.Errorf("ended with %q", got)
		}
	})
}

// What is decided while an attempt waits for its slot counts.
func TestDecidedWhileWaitingForASlot(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(d *diary, left *atomic.Bool)
		rules  rooms.PolicyRules
		want   []string
	}{
		"nothing":   {func(*diary, *atomic.Bool) {}, rooms.PolicyRules{}, []string{"record sent 1.1 ", "done"}},
		"cancelled": {func(d *diary, _ *atomic.Bool) { d.decide(rooms.ControlCancelled) }, rooms.PolicyRules{}, []string{"record failed 1.1 cancelled", "done"}},
		"paused":    {func(d *diary, _ *atomic.Bool) { d.decide(rooms.ControlPaused) }, rooms.PolicyRules{}, []string{"suspend", "done"}},
		"has left":  {func(d *diary, left *atomic.Bool) { d.left = true; left.Store(true) }, rooms.PolicyRules{}, []string{"subscribed?", "record failed 1.1 suppressed", "done"}},
		"quiet": {func(*diary, *atomic.Bool) {}, rooms.PolicyRules{Times: rooms.Times{Quiet: []rooms.QuietHours{{From: 1, Until: 60}}}},
			[]string{"park 1.1 in 59m0s", "record postponed 1.1 quiet-hours", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Minute - 1500*time.Millisecond) // it is midnight
				d, left := &diary{}, &atomic.Bool{}
				w := newWorker(d, nil)
				w.crew = weights(w.log, Configured{Named: Named{"slow", always(Outcome{Result: Sent})}, Rate: 2. / 3})
				w.policies = under(tc.rules)
				w.left = func(rooms.Room, rooms.SubscriberID) bool { return left.Load() }
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
					m := testMessage
					m.ReceivedAt = time.Now()
					return m, nil
				}
				first, second := within24Hours(d.job(0)), within24Hours(d.job(1))
				first.Owner, second.Owner = subscriber, subscriber
				w.do(t.Context(), t.Context(), first, nobody)
				go w.do(t.Context(), t.Context(), second, nobody)
				synctest.Wait()
				tc.change(d, left)
				time.Sleep(slotPatience)
				synctest.Wait()
				d.expect(t, append([]string{"record sent 0.1 ", "done"}, tc.want...)...)
			})
		})
	}
}
