package channels

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

var errNobody = errors.New("nobody")

// bound is a provider that keeps a connection; probed is one that has to be asked.
type bound struct {
	Provider
	gone atomic.Bool
}

func (b *bound) Ready() error {
	if b.gone.Load() {
		return errNobody
	}
	return nil
}

type probed struct {
	bound
	probes atomic.Int32
}

func (p *probed) Probe(context.Context) error { p.probes.Add(1); return p.Ready() }

// asked is a provider that has a way to be probed, and no other.
type asked struct {
	Provider
	by *probed
}

func (a asked) Probe(ctx context.Context) error { return a.by.Probe(ctx) }

func lookedAt(t *testing.T, p Provider) *member {
	t.Helper()
	c := newCrew(metrics.NewSet(), rooms.SMS, []Configured{{Named: Named{"first", p}}}, unmoved{}, HealthOptions{}, nil)
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	go c.members[0].look(ctx)
	return c.members[0]
}

func (m *member) ends(r rooms.Reason) {
	o := Outcome{Result: Deferred, Reason: r}
	if r == "" {
		o = Outcome{Result: Sent}
	}
	m.health.end(m.health.begin(), o, signOf(o))
}

// Where nothing is sent, a connection that is gone makes the provider a dead one, and one that is back a live one.
func TestWhatIsNotReadyIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bound{}
		m := lookedAt(t, b)
		expect := func(after time.Duration, dead bool) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if m.health.dead() != dead {
				t.Errorf("dead is %t", !dead)
			}
		}
		expect(time.Minute, false)
		b.gone.Store(true)
		expect(7*time.Second, false)
		expect(5*time.Second, true)
		b.gone.Store(false)
		expect(3*time.Second, false)
	})
}

// One that has to be asked is left alone until a call has had no answer, and asked from then on.
func TestWhatIsInDoubtIsProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &probed{}
		m := lookedAt(t, asked{by: p})
		after := func(d time.Duration, dead bool, probes int32) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if m.health.dead() != dead || p.probes.Load() != probes {
				t.Errorf("dead is %t, want %t; %d probes, want %d", m.health.dead(), dead, p.probes.Load(), probes)
			}
		}
		after(time.Minute+time.Second, false, 0)
		p.gone.Store(true)
		m.ends(rooms.Unreachable)
		after(8*time.Second, false, 4)
		after(2*time.Second, true, 5)
		p.gone.Store(false)
		after(2*time.Second, false, 6)
		after(time.Minute, false, 6)
	})
}

// One that answers probes and takes no delivery stays dead until a delivery says otherwise, and gets no more than single ones; but
// nobody is told for hours that it does not answer.
func TestALookDoesNotOutweighDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := lookedAt(t, asked{by: &probed{}})
		expect := func(after time.Duration, open bool, unanswered int) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if s := m.status(rooms.ProviderUse{}); s.Open != open || s.Unanswered != unanswered || !m.health.dead() {
				t.Errorf("open %t and %d unanswered, want %t and %d; dead %t", s.Open, s.Unanswered, open, unanswered, m.health.dead())
			}
		}
		for range 5 {
			m.ends(rooms.TimedOut)
			time.Sleep(time.Second)
		}
		expect(50*time.Second, true, 5)
		expect(20*time.Second, false, 0)
		now := time.Now()
		if !m.health.claim(rooms.Normal, now) || m.health.claim(rooms.Normal, now) {
			t.Error("it is asked by none, or by several")
		}
		m.ends(rooms.TimedOut)
		expect(10*time.Second, true, 6)
		m.ends("")
		if s := m.status(rooms.ProviderUse{}); m.health.dead() || s.Open || s.Unanswered != 0 {
			t.Errorf("a delivery does not make it live: %+v", s)
		}
	})
}

// What looks have found dead, looks find live again, and the calls that failed meanwhile do not count any longer.
func TestLooksEndWhatTheyHaveBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bound{}
		b.gone.Store(true)
		m := lookedAt(t, b)
		time.Sleep(11 * time.Second)
		for range 4 {
			m.ends(rooms.Unreachable)
		}
		b.gone.Store(false)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		m.ends(rooms.Unreachable)
		if m.health.dead() {
			t.Error("taken for dead after one call")
		}
	})
}

// Two calls without answer are no sign any longer once a look has found somebody; but they count where more follow.
func TestUnansweredAfterAGoodLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := lookedAt(t, asked{by: &probed{}})
		unanswered := func(want int) {
			t.Helper()
			if n := m.status(rooms.ProviderUse{}).Unanswered; n != want {
				t.Errorf("%d without answer, want %d", n, want)
			}
		}
		m.ends(rooms.TimedOut)
		m.ends(rooms.TimedOut)
		unanswered(2)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		unanswered(0)
		for range 3 {
			m.ends(rooms.TimedOut)
		}
		unanswered(5)
		if !m.health.dead() {
			t.Error("looks between the calls keep it from being taken for dead")
		}
	})
}
