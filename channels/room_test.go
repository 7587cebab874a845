package channels

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// slowPlace sends to two places. The one to which a message goes is slow: it answers once it is let go, or after a time.
type slowPlace struct {
	places *lanes.Places
	slow   rooms.UMID
	letGo  chan struct{}
	after  time.Duration
}

func (p *slowPlace) Send(ctx context.Context, d rooms.Delivery) Outcome {
	place := "quick"
	if d.ID.UMID == p.slow {
		place = "slow"
	}
	release, err := p.places.Take(ctx, d.Lane, place)
	if o, full := Full(err); full {
		return o
	}
	defer release()
	if place == "slow" {
		select {
		case <-p.letGo:
		case <-time.After(p.after):
		case <-ctx.Done():
			return Outcome{Result: Deferred, Reason: rooms.TimedOut}
		}
	}
	return Outcome{Result: Sent}
}

// turnstile has two places, each of which is left when told.
type turnstile struct {
	places *lanes.Places
	leave  chan struct{}

	mu     sync.Mutex
	served []rooms.Lane
}

func (p *turnstile) Send(ctx context.Context, d rooms.Delivery) Outcome {
	release, err := p.places.Take(ctx, d.Lane, "relay")
	if o, full := Full(err); full {
		return o
	}
	defer release()
	p.mu.Lock()
	p.served = append(p.served, d.Lane)
	p.mu.Unlock()
	<-p.leave
	return Outcome{Result: Sent}
}

func (p *turnstile) read() []rooms.Lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.served)
}

// With all connections of a provider busy, and all workers of the other lanes waiting for one, an emergency has the next that
// is free.
func TestEmergencyHasTheNextFreePlaceOfAProvider(t *testing.T) {
	r := newRig(t)
	p := &turnstile{places: lanes.NewPlaces(2, 2), leave: make(chan struct{})}
	bulk, normal := r.publish(rooms.Bulk, true, rooms.Email, 20), r.publish(rooms.Normal, true, rooms.Email, 20)
	r.run(Options{Workers: Workers{Normal: 8, Bulk: 8}}, p)
	waiting := func(n int) func() error {
		return func() error {
			if got := p.places.Waiting(); got != n || len(p.read()) != 2 {
				return fmt.Errorf("%d wait and %d are served, want %d and 2", got, len(p.read()), n)
			}
			return nil
		}
	}
	r.eventually("bulk and normal", waiting(14))
	emergency := rooms.DeliveryID{UMID: r.publish(rooms.Emergency, true, rooms.Email, 1)}
	r.eventually("the emergency", waiting(15))
	p.leave <- struct{}{}
	r.eventually("the next", func() error {
		if got := p.read(); len(got) < 3 || got[2] != rooms.Emergency {
			return fmt.Errorf("served %q", got)
		}
		return nil
	})
	close(p.leave)
	r.eventually("the emergency", r.happened(emergency, "sent 1"))
	for n := range 20 {
		r.eventually("normal", r.happened(rooms.DeliveryID{UMID: normal, N: n}, "sent 1"))
		r.eventually("bulk", r.happened(rooms.DeliveryID{UMID: bulk, N: n}, "sent 1"))
	}
}

// What finds no room where it is to go gives its worker to others, and comes again as if nothing had been tried: no attempt is
// counted, and nobody takes the provider for dead.
func TestSlowPlaceHoldsUpOnlyItself(t *testing.T) {
	r := newRig(t)
	const slow = 12
	p := &slowPlace{places: lanes.NewPlaces(8, 4), letGo: make(chan struct{}), after: time.Hour}
	p.slow = r.publish(rooms.Normal, true, rooms.Email, slow)
	quick := rooms.DeliveryID{UMID: r.publish(rooms.Normal, true, rooms.Email, 1)}
	r.run(Options{Workers: Workers{Normal: 8}}, p)
	r.eventually("to the quick place", r.happened(quick, "sent 1"))
	var out strings.Builder
	r.metrics.WritePrometheus(&out)
	for _, want := range []string{
		`crier_channel_attempts_total{channel="email",provider="test",result="sent"} 1`, `crier_channel_attempts_total{channel="email",provider="test",result="deferred"} 0`,
		`crier_provider_open{channel="email",provider="test"} 0`, `crier_channel_send_duration_seconds_count{channel="email",provider="test"} 1`,
	} {
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, out.String())
		}
	}
	close(p.letGo)
	for n := range slow {
		r.eventually("to the slow place", r.happened(rooms.DeliveryID{UMID: p.slow, N: n}, "sent 1"))
	}
}

// So many deliveries to a slow place are handed back at a modest rate, which falls: each is told to come again at the pace of
// that place, and within a minute. The place is kept busy.
func TestHandBacksOfASlowPlaceAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const jobs, minutes, places = 500, 5, 4
		p := &slowPlace{places: lanes.NewPlaces(8, places), slow: testUMID, after: 20 * time.Second}
		d := &diary{}
		w := newWorker(d, p)
		ctx, stop := context.WithCancel(t.Context())
		l := newLine(64, jobs+1, w.log)
		l.do, l.wait = w.do, time.Second
		queue, backs := make(chan work, jobs), 0
		for n := range jobs {
			queue <- requeued{d.job(n), queue, &backs}.work()
		}
		l.fetch = func(ctx context.Context, n int, _ time.Duration, fn func(work)) error {
			for range n {
				select {
				case j := <-queue:
					j.since = time.Now()
					fn(j)
				default:
					sleep(ctx, 100*time.Millisecond)
					return nil
				}
			}
			return nil
		}
		go l.run(ctx, ctx)
		time.Sleep(minutes * time.Minute)
		synctest.Wait()
		d.mu.Lock()
		got, most := backs, jobs*(minutes+2)
		d.mu.Unlock()
		if got < jobs || got > most {
			t.Errorf("%d deliveries were handed back %d times in %d minutes, want at most %d", jobs, got, minutes, most)
		}
		sent := 0
		for _, line := range d.read() {
			if strings.HasPrefix(line, "record sent") {
				sent++
			}
		}
		if want := minutes*3*places - places; sent < want*9/10 {
			t.Errorf("%d were sent meanwhile: the place is idle at times, it could take %d", sent, want)
		}
		stop()
		l.hand.Wait()
	})
}

// requeued is a job that comes again when it was handed back.
type requeued struct {
	job   work
	queue chan work
	backs *int
}

func (r requeued) work() work {
	j := r.job
	j.pulled = comesAgain{r.job.pulled.(*diary), r}
	return j
}

type comesAgain struct {
	*diary
	requeued
}

func (c comesAgain) Later(wait time.Duration) error {
	c.mu.Lock()
	*c.backs++
	c.mu.Unlock()
	time.AfterFunc(wait, func() { c.queue <- c.work() })
	return nil
}

func TestNoRoom(t *testing.T) {
	now := time.Now()
	for after, want := range map[time.Duration]time.Duration{0: minRetry, 7 * time.Second: 7 * time.Second, time.Hour: maxShort} {
		s := follow(testJob(0, now.Add(time.Hour)), Outcome{Result: NoRoom, After: after}, now, time.Hour)
		if got, wants := fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", step{action: handBack, wait: want}); got != wants {
			t.Errorf("after %s: %s, want %s", after, got, wants)
		}
	}
	if s := signOf(Outcome{Result: NoRoom}); s != noSign {
		t.Errorf("a sign of the provider: %d", s)
	}
}

// A slot of a rate with which nothing was sent is there for another.
func TestSlotComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := send(func(_ context.Context, d rooms.Delivery) Outcome {
			if d.ID.N == 0 {
				return Outcome{Result: NoRoom, After: time.Second}
			}
			return Outcome{Result: Sent}
		})
		d := &diary{}
		w := newWorker(d, full)
		w.crew = weights(w.log, Configured{Named: Named{"slow", full}, Rate: 0.01})
		began := time.Now()
		for n := range 2 {
			w.do(t.Context(), t.Context(), d.job(n), nobody)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the second one waited %s", took)
		}
		d.expect(t, "later 1s", "record sent 1.1 ", "done")
	})
}
