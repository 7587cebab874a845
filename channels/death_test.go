package channels

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// death is a provider that works until it dies, and then refuses, or says nothing.
type death struct {
	hangs bool
	dead  atomic.Bool
}

func (d *death) Send(ctx context.Context, _ rooms.Delivery) Outcome {
	switch {
	case !d.dead.Load():
		return Outcome{Result: Sent}
	case d.hangs:
		<-ctx.Done()
		return Outcome{Result: Deferred, Reason: rooms.TimedOut}
	}
	return Outcome{Result: Deferred, Reason: rooms.Unreachable}
}

// One of two providers with the same weight dies under load, by refusing or by silence. What is published from five seconds
// on is sent by the other at its first attempt, but for one in a hundred, and nothing is lost. On a machine with nothing else to
// do it is sent within a second, too, which is told.
func TestProviderDies(t *testing.T) {
	for name, hangs := range map[string]bool{"refuses": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			first, taken := &death{hangs: hangs}, &arrivals{at: map[rooms.DeliveryID]arrival{}}
			second := send(func(_ context.Context, d rooms.Delivery) Outcome { return taken.note(d) })
			d := r.deps(nil)
			d.Providers = map[rooms.Channel][]Configured{rooms.SMS: {{Named: Named{"first", first}, Weight: 1}, {Named: Named{"second", second}, Weight: 1}}}
			r.runWith(Options{}, d)
			first.dead.Store(true)
			died := time.Now()
			const each, rounds = 50, 24 // every quarter of a second, for six seconds
			published := map[rooms.UMID]time.Time{}
			tick := time.NewTicker(250 * time.Millisecond)
			defer tick.Stop()
			for range rounds {
				published[r.publish(rooms.Normal, false, rooms.SMS, each)] = time.Now()
				<-tick.C
			}
			r.eventually("all are sent", func() error {
				if n := taken.count(); n != each*rounds {
					return fmt.Errorf("%d of %d", n, each*rounds)
				}
				return nil
			})
			settled, soon := taken.settled(published, each, time.Hour).Sub(died), taken.settled(published, each, time.Second).Sub(died)
			t.Logf("%s: 99%% is sent by the other at the first attempt from %s on, and within a second from %s on; of all, %d took more than one attempt",
				name, settled.Round(10*time.Millisecond), soon.Round(10*time.Millisecond), taken.repeated())
			if settled > 30*time.Second { // a second where nothing else runs
				t.Errorf("that took %s", settled)
			}
		})
	}
}

// arrivals are what the other provider was given.
type arrivals struct {
	mu sync.Mutex
	at map[rooms.DeliveryID]arrival
}

type arrival struct {
	attempt int
	at      time.Time
}

func (a *arrivals) note(d rooms.Delivery) Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at[d.ID] = arrival{d.Attempt, time.Now()}
	return Outcome{Result: Sent}
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

func (a *arrivals) repeated() (n int) {
	for _, one := range a.at {
		if one.attempt > 1 {
			n++
		}
	}
	return n
}

// settled is when the first message was published from which on 99 in a hundred arrived at the first attempt, within a time.
func (a *arrivals) settled(published map[rooms.UMID]time.Time, each int, within time.Duration) time.Time {
	type message struct {
		at    time.Time
		first int
	}
	byMessage := map[rooms.UMID]*message{}
	for u, at := range published {
		byMessage[u] = &message{at: at}
	}
	for id, one := range a.at {
		if one.attempt == 1 && one.at.Sub(published[id.UMID]) < within {
			byMessage[id.UMID].first++
		}
	}
	var all []message
	for _, m := range byMessage {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(x, y message) int { return y.at.Compare(x.at) }) // the latest first
	sum, settled := 0, all[0].at
	for n, m := range all {
		if sum += m.first; 100*sum >= 99*each*(n+1) {
			settled = m.at
		}
	}
	return settled
}
