package channels

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

func TestSigns(t *testing.T) {
	for _, tc := range []struct {
		o    Outcome
		want sign
	}{
		{Outcome{Result: Sent}, alive},
		{Outcome{Result: Rejected, Reason: rooms.NoMailbox}, alive},
		{Outcome{Result: Suppressed}, alive},
		{Outcome{Result: Throttled, Reason: rooms.Throttled}, busy},
		{Outcome{Result: Deferred, Reason: rooms.Throttled}, busy},
		{Outcome{Result: Deferred, Reason: rooms.Unconfigured}, noSign},
		{Outcome{Result: Deferred, Reason: rooms.Unreachable}, dead},
		{Outcome{Result: Deferred, Reason: rooms.TimedOut}, dead},
		{Outcome{Result: Deferred, Reason: rooms.Unknown}, dead},
		{Outcome{Result: Deferred, Reason: rooms.Deferred, Code: "451 4.7.1"}, unwell},
		{Outcome{Result: Deferred, Reason: rooms.Deferred, Code: "452 4.2.2"}, alive},
		{Outcome{}, unwell},
	} {
		if got := signOf(tc.o); got != tc.want {
			t.Errorf("%+v is %d, want %d", tc.o, got, tc.want)
		}
	}
}

// A provider that refuses is asked no more after so many times, but for one probe each interval and lane that is an
// emergency or is not; one answer, and it is asked as before.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(HealthOptions{Failures: 3, Probe: 2 * time.Second}, false)
		call := func(o Outcome) { h.end(h.begin(), o, signOf(o)) }
		refused := Outcome{Result: Deferred, Reason: rooms.Unreachable}
		usable := func() bool { ok, _ := h.usable(rooms.Normal, time.Now()); return ok }
		call(refused)
		call(refused)
		call(Outcome{Result: Rejected})
		call(refused)
		call(refused)
		if !usable() {
			t.Fatal("opened, though the failures were not in a row")
		}
		call(refused)
		if usable() {
			t.Fatal("not opened")
		}
		if h.claim(rooms.Normal, time.Now()) || h.claim(rooms.Emergency, time.Now()) {
			t.Error("probed at once")
		}
		time.Sleep(2 * time.Second)
		now := time.Now()
		if !h.claim(rooms.Normal, now) || h.claim(rooms.Bulk, now) || !h.claim(rooms.Emergency, now) || h.claim(rooms.Emergency, now) {
			t.Error("an interval has one probe of emergencies, and one of all others")
		}
		call(refused)
		if usable() {
			t.Error("a probe that failed closes it")
		}
		call(Outcome{Result: Deferred, Code: "451 4.3.2"})
		if !usable() {
			t.Error("an answer does not close it")
		}
	})
}

// A provider that never returns keeps so many calls, and is then not probed until one of them has come back.
func TestCallsThatWereLetGoAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := make(chan struct{})
		var asked, late atomic.Int32
		hangs := send(func(context.Context, rooms.Delivery) Outcome {
			asked.Add(1)
			<-back
			return Outcome{Result: Sent}
		})
		c := twins(HealthOptions{}, hangs, always(Outcome{Result: Sent}))
		c.bound(8)
		ask := func(times int) {
			for n := range times {
				m, _, ok := c.choose(jobOf(n, 1), nil, time.Now())
				if !ok {
					t.Fatal("nobody is asked")
				}
				go m.call(time.Minute, nil).send(t.Context(), rooms.Delivery{}, func(Outcome) {}, func(Outcome) { late.Add(1) })
				time.Sleep(100 * time.Millisecond)
			}
		}
		ask(1000)
		time.Sleep(time.Minute)
		synctest.Wait()
		before := asked.Load()
		ask(36_000)
		synctest.Wait()
		if before < 8 || asked.Load() != before {
			t.Errorf("asked %d times at first, %d times in all", before, asked.Load())
		}
		for range before - 7 {
			back <- struct{}{}
		}
		synctest.Wait()
		ask(600)
		// A second one is asked while the first is still waited for.
		if more := asked.Load() - before; more < 1 || more > 2 || late.Load() != before-7 {
			t.Errorf("some have come back: asked %d times more, %d late", more, late.Load())
		}
		close(back)
		synctest.Wait()
		if h := c.members[0].health; h.gone != 0 {
			t.Errorf("%d are gone", h.gone)
		}
	})
}

// That its rate is used up is an answer like others: it ends being dead, and says nothing good or bad.
func TestThrottledIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(HealthOptions{Failures: 3, Slow: time.Second, Stuck: time.Hour}, true)
		throttled := Outcome{Result: Throttled, Reason: rooms.Throttled}
		for range 3 {
			h.end(h.begin(), Outcome{Result: Deferred}, dead)
		}
		if !h.dead() {
			t.Fatal("not dead")
		}
		c := h.begin()
		time.Sleep(time.Minute)
		h.end(c, throttled, signOf(throttled))
		if r := h.report(); h.dead() || r.Calls != 0 || r.Failed != 0 || r.Slow != 0 || r.Quiet != 60 {
			t.Errorf("dead: %v, %+v", h.dead(), r)
		}
	})
}

// A provider that is silent is taken for dead once so many wait for it, and nobody goes on waiting; one that answers
// others is not.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(HealthOptions{Failures: 3, Stuck: 3 * time.Second}, true)
		var waiting []*ongoing
		for range 3 {
			waiting = append(waiting, h.begin())
		}
		time.Sleep(2 * time.Second)
		h.end(h.begin(), Outcome{Result: Sent}, alive)
		time.Sleep(2 * time.Second)
		if h.dead() {
			t.Fatal("taken for dead two seconds after it has answered")
		}
		time.Sleep(time.Second + time.Millisecond)
		if !h.dead() {
			t.Fatal("not taken for dead")
		}
		for _, c := range waiting {
			select {
			case <-c.gone:
			default:
				t.Fatal("somebody waits still")
			}
		}
		late := h.begin()
		time.Sleep(3*time.Second + time.Millisecond)
		select {
		case <-late.gone:
		default:
			t.Error("a probe is waited for")
		}
		if r := h.report(); r.Calls != 5 || r.Failed != 4 || !r.Open {
			t.Errorf("%+v", r)
		}
	})
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w window
		for i := range 200 {
			s := alive
			if i%10 == 0 {
				s = unwell
			}
			w.at(time.Now()).add(Sent, s, i%4 == 0, time.Duration(i+1)*time.Millisecond)
			time.Sleep(100 * time.Millisecond)
		}
		sum := w.sum(time.Now())
		if sum.calls() != 200 || sum.failed != 20 || sum.slow != 50 {
			t.Errorf("%d calls, %d failed, %d slow", sum.calls(), sum.failed, sum.slow)
		}
		if p := sum.quantile(0.5); p < 100*time.Millisecond || p > 150*time.Millisecond {
			t.Errorf("the median of 1 to 200 ms is %s", p)
		}
		if p := sum.quantile(0.99); p < 198*time.Millisecond || p > 280*time.Millisecond {
			t.Errorf("the 99th percentile of 1 to 200 ms is %s", p)
		}
		time.Sleep(45 * time.Second)
		if recent := w.sum(time.Now()); recent.calls() > 160 || recent.calls() < 140 {
			t.Errorf("%d of the last minute", recent.calls())
		}
		time.Sleep(15 * time.Second)
		if rest := w.sum(time.Now()); rest.calls() != 0 || rest.quantile(0.5) != 0 {
			t.Errorf("%d are left after a minute", rest.calls())
		}
	})
}

// twins is a crew of two that answer as functions say, each with half of the deliveries.
func twins(o HealthOptions, a, b Provider) *crew {
	return newCrew(metrics.NewSet(), rooms.Email, []Configured{{Named: Named{"a", a}, Weight: 1}, {Named: Named{"b", b}, Weight: 1}}, unmoved{}, o, nil)
}

// While one is dead the other gets what would be its turn, in the same attempt; the dead one gets probes, none of which
// is an emergency; and when both are dead, jobs return as they were, and emergencies probe too.
func TestOthersStandInForTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twins(HealthOptions{}, nil, nil)
		kill := func(m *member) {
			for range 5 {
				m.health.end(m.health.begin(), Outcome{}, dead)
			}
		}
		kill(c.members[0])
		names := map[string]int{}
		for n := range 1000 {
			names[first(c, jobOf(n, 1), nil)]++
		}
		if names["b"] != 1000 {
			t.Fatalf("with a dead: %v", names)
		}
		time.Sleep(2 * time.Second)
		for n := range 1000 {
			urgent := jobOf(n, 1)
			urgent.Lane = rooms.Emergency
			names["urgent "+first(c, urgent, nil)]++
		}
		for n := range 1000 {
			names[first(c, jobOf(n, 1), nil)]++
		}
		if names["a"] != 1 || names["urgent a"] > 0 {
			t.Fatalf("when a probe is due: %v", names)
		}
		kill(c.members[1])
		_, s, ok := c.choose(jobOf(1, 1), nil, time.Now())
		if ok || s.action != handBack || s.wait != 2*time.Second || s.pause != s.wait {
			t.Fatalf("with both dead: %+v", s)
		}
		urgent := jobOf(1, 1)
		urgent.Lane = rooms.Emergency
		if m, _, ok := c.choose(urgent, nil, time.Now()); !ok || m.Name != "a" {
			t.Fatal("an emergency does not probe")
		}
		if _, s, ok := c.choose(urgent, nil, time.Now()); ok || s.wait > 2*time.Second {
			t.Fatalf("the next emergency: %+v", s)
		}
	})
}

// used are uses as a test says.
type used struct {
	mu  sync.Mutex
	all map[string]rooms.ProviderUse
}

func (u *used) Of(c rooms.Channel, name string) rooms.ProviderUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	if one, ok := u.all[name]; ok {
		return one
	}
	return rooms.UnmovedProvider(c, name)
}

func (u *used) Put(_ context.Context, one rooms.ProviderUse) (rooms.ProviderUse, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[string]rooms.ProviderUse{}
	}
	one.Entry++
	u.all[one.Name] = one
	return one, nil
}

func (u *used) set(name string, s rooms.ProviderState, factor int) {
	one := u.Of(rooms.Email, name).With(rooms.ProviderChange{State: s, Factor: factor})
	_, _ = u.Put(context.Background(), one)
}

func TestFactorsAndDraining(t *testing.T) {
	c, u := twins(HealthOptions{}, nil, nil), &used{}
	c.uses = u
	count := func(attempt int) map[string]int {
		names := map[string]int{}
		for n := range 2000 {
			names[first(c, jobOf(n, attempt), nil)]++
		}
		return names
	}
	u.set("a", rooms.ProviderPinned, 25)
	if got := count(1); got["a"] < 320 || got["a"] > 480 {
		t.Errorf("with a quarter of its weight: %v", got)
	}
	u.set("a", rooms.ProviderPinned, 0)
	if got := count(1); got["a"] > 0 {
		t.Errorf("without weight: %v", got)
	}
	if got := count(2); got["b"] > 0 {
		t.Errorf("second attempts, without weight: %v", got)
	}
	u.set("a", rooms.ProviderDrained, 100)
	if got := fmt.Sprint(count(1), count(2)); got != "map[b:2000] map[b:2000]" {
		t.Errorf("drained: %s", got)
	}
	u.set("b", rooms.ProviderDrained, 100)
	if _, s, ok := c.choose(jobOf(1, 1), nil, time.Now()); ok || s.action != handBack || s.pause != shortRetry {
		t.Errorf("with both drained: %+v", s)
	}
	u.set("b", rooms.ProviderRunning, 100)
	if got := count(1); got["b"] != 2000 {
		t.Errorf("with b resumed: %v", got)
	}
}

// An emergency that finds no connection while the provider is dead goes back as it was, to come again in a second.
func TestEmergencyLosesNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, always(Outcome{Result: Deferred, Reason: rooms.Unreachable}))
		for n := range 6 {
			time.Sleep(2 * time.Second)
			j := d.job(n)
			j.Lane = rooms.Emergency
			w.do(t.Context(), t.Context(), j, nobody)
		}
		if got := strings.Count(fmt.Sprint(d.read()), "errored"); got != 4 {
			t.Errorf("%d attempts were counted:\n%q", got, d.read())
		}
	})
}

// What waits for a slot of a provider that dies meanwhile goes back at once, for another one.
func TestDeadWhileWaitingForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, nil)
		w.crew = weights(w.log, Configured{Named: Named{"slow", always(Outcome{Result: Sent})}, Rate: 2. / 3})
		w.do(t.Context(), t.Context(), d.job(0), nobody)
		go w.do(t.Context(), t.Context(), d.job(1), nobody)
		synctest.Wait()
		h := w.crew.members[0].health
		for range 5 {
			h.end(h.begin(), Outcome{Result: Deferred}, dead)
		}
		time.Sleep(slotPatience)
		synctest.Wait()
		d.expect(t, "record sent 0.1 ", "done", "later 0s")
	})
}

// Behind web push stand many services: what they answer is counted, and keeps nobody from the others.
func TestNotificationsAreOnlyCounted(t *testing.T) {
	refused := Configured{Named: Named{"vapid", always(Outcome{Result: Deferred, Reason: rooms.Unconfigured, Code: "HTTP 403"})}}
	silent := Configured{Named: Named{"silent", always(Outcome{Result: Deferred, Reason: rooms.Unreachable, Code: "connection"})}}
	c := newCrew(metrics.NewSet(), rooms.WebPush, []Configured{refused, silent}, unmoved{}, HealthOptions{Failures: 3}, slog.New(slog.DiscardHandler))
	for _, m := range c.members {
		for range 20 {
			m.call(time.Minute, slog.New(slog.DiscardHandler)).send(t.Context(), rooms.Delivery{}, func(Outcome) {}, func(Outcome) {})
		}
		s := m.status(unmoved{}.Of(rooms.WebPush, m.Name))
		if s.Counts[Deferred] != 20 || s.Open || s.InHand != 0 {
			t.Errorf("%s: %d deferred, open %t, %d in hand", m.Name, s.Counts[Deferred], s.Open, s.InHand)
		}
		if ok, _ := m.health.usable(rooms.Normal, time.Now()); !ok || m.health.report() != (rooms.ProviderReport{}) {
			t.Errorf("%s: usable %t, and reported as %+v", m.Name, ok, m.health.report())
		}
	}
}
