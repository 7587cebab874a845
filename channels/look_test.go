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

// One that answers probes and takes no delivery stays dead as long as deliveries say so.
func TestAProbeDoesNotOutweighDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := lookedAt(t, asked{by: &probed{}})
		for range 5 {
			m.ends(rooms.TimedOut)
			time.Sleep(3 * time.Second)
		}
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if !m.health.dead() || m.status(rooms.ProviderUse{}).Unanswered != 5 {
			t.Error("a probe made it live")
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if m.health.dead() {
			t.Error("it is dead for ever where nothing is sent")
		}
		m.ends("")
		if n := m.status(rooms.ProviderUse{}).Unanswered; n != 0 {
			t.Errorf("%d without answer after one with", n)
		}
	})
}
