package lease_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms/lease"
)

const ttl = 1500 * time.Millisecond

// watch is work that notes who does it; two at once are a fault.
type watch struct {
	t      *testing.T
	grace  time.Duration // within which work must be told that it no longer holds; at once if 0
	inside atomic.Int32
	began  atomic.Int32
	epoch  atomic.Uint64
	who    atomic.Value
	last   atomic.Int64 // when it ended last
}

func (w *watch) by(node string) lease.Work {
	return func(ctx context.Context, epoch uint64, held func() bool) error {
		if w.inside.Add(1) > 1 {
			w.t.Errorf("%s begins while %v works", node, w.who.Load())
		}
		if before := w.epoch.Swap(epoch); before >= epoch {
			w.t.Errorf("epoch %d after %d", epoch, before)
		}
		w.who.Store(node)
		w.began.Add(1)
		for ctx.Err() == nil {
			sure, wait := held(), 7*time.Millisecond
			if !sure {
				wait = cmp.Or(w.grace, time.Microsecond)
			}
			select {
			case <-ctx.Done():
			case <-time.After(wait):
				if !sure {
					w.t.Errorf("%s works on %s after it ceased to hold the lease", node, wait)
				}
			}
		}
		w.last.Store(time.Now().UnixNano())
		w.inside.Add(-1)
		return ctx.Err()
	}
}

func (w *watch) working(node string) bool { return w.inside.Load() == 1 && w.who.Load() == node }

// However the nodes' calls fail, no two of them work at once, epochs count up, and when the
// faults are over somebody works.
func TestNeverTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		var nodes []*node
		for n := range 3 {
			name := fmt.Sprintf("n%d", n+1)
			nodes = append(nodes, s.node(t, name, w.by(name)))
		}
		for range 2000 {
			for _, n := range nodes {
				n.set([]fault{none, none, cut, mute}[rand.IntN(4)])
			}
			time.Sleep(time.Duration(rand.Int64N(int64(2 * ttl))))
		}
		if n := w.began.Load(); n < 100 {
			t.Errorf("work began %d times only", n)
		}
		for _, n := range nodes {
			n.set(none)
		}
		time.Sleep(ttl * 3 / 2)
		if w.inside.Load() != 1 {
			t.Error("nobody works")
		}
		for _, n := range nodes {
			n.stop()
		}
	})
}

// The holder stops before another begins, and the other begins soon.
func TestSilentHolderIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			s, w := newShelf(), &watch{t: t}
			first := s.node(t, "n1", w.by("n1"))
			synctest.Wait()
			second := s.node(t, "n2", w.by("n2"))
			time.Sleep(ttl + time.Duration(rand.Int64N(int64(ttl))))
			first.set(cut)
			gone := time.Now()
			for !w.working("n2") {
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(gone); took < ttl/2 || took > ttl+ttl/6+ttl/60 {
				t.Errorf("it took %s", took)
			}
			if gap := time.Duration(time.Now().UnixNano() - w.last.Load()); gap < ttl/3 {
				t.Errorf("%s between the end of one and the beginning of the other", gap)
			}
			first.stop()
			second.stop()
		}
	})
}

// A holder that stops in peace hands over at once.
func TestLeaseIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		first := s.node(t, "n1", w.by("n1"))
		synctest.Wait()
		second := s.node(t, "n2", w.by("n2"))
		time.Sleep(2*ttl - ttl/100)
		if !w.working("n1") {
			t.Fatal("n1 does not work")
		}
		first.set(mute) // a sign of life that was written, without anybody knowing
		time.Sleep(ttl / 12)
		first.set(none)
		first.stop()
		time.Sleep(ttl/6 + time.Millisecond)
		if !w.working("n2") {
			t.Error("n2 does not work")
		}
		second.stop()
	})
}

// A node takes at once what an earlier life of its own held: nobody else has its name.
func TestRestartedNodeTakesItsOwnLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		killed := s.node(t, "n1", w.by("n1"))
		synctest.Wait()
		killed.set(cut) // what it does from now on reaches nobody
		killed.stop()
		began := time.Now()
		again := s.node(t, "n1", w.by("n1"))
		synctest.Wait()
		if !w.working("n1") || !time.Now().Equal(began) {
			t.Error("it waits")
		}
		again.stop()
	})
}

// Signs of life whose answers are lost count, as soon as one comes through.
func TestLostAnswersCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		n := s.node(t, "n1", w.by("n1"))
		for range 100 {
			n.set(mute)
			time.Sleep(time.Duration(rand.Int64N(int64(ttl / 6))))
			n.set(none)
			time.Sleep(ttl)
		}
		if n := w.began.Load(); n != 1 {
			t.Errorf("work began %d times", n)
		}
		n.stop()
	})
}

// A log that stores slowly, as on a disk that others use too, has nobody lose what he holds: work that begins anew each time
// would never come to its end. When the log is quick again, a lease moves as fast as ever.
func TestSlowLogKeepsItsHolder(t *testing.T) {
	for _, delay := range []time.Duration{ttl / 10, ttl / 5, ttl / 2} {
		synctest.Test(t, func(t *testing.T) {
			s, w := newShelf(), &watch{t: t}
			nodes := map[string]*node{}
			for _, n := range []string{"n1", "n2"} {
				nodes[n] = s.node(t, n, w.by(n))
			}
			for round := range 2 {
				for _, n := range nodes {
					n.slow(delay)
				}
				time.Sleep(time.Minute) // it is found out how slow
				began := w.began.Load()
				time.Sleep(time.Minute)
				if now := w.began.Load(); now != began || w.inside.Load() != 1 {
					t.Errorf("stored after %s: work began %d times anew, and %d work", delay, now-began, w.inside.Load())
				}
				for _, n := range nodes {
					n.slow(0)
				}
				time.Sleep(time.Minute)
				holder := w.who.Load().(string)
				nodes[holder].set(cut)
				time.Sleep(ttl + ttl/6 + ttl/60)
				if w.working(holder) || w.inside.Load() != 1 {
					t.Errorf("round %d: nobody follows", round)
				}
				nodes[holder].set(none)
			}
			for _, n := range nodes {
				n.stop()
			}
		})
	}
}

// A holder that dies while the log is slow is followed in eight times the agreed time at the latest.
func TestSlowLogDelaysATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		nodes := map[string]*node{}
		for _, n := range []string{"n1", "n2"} {
			nodes[n] = s.node(t, n, w.by(n))
			nodes[n].slow(4 * ttl) // slower than any holder can go along with
		}
		time.Sleep(5 * time.Minute)
		for _, n := range nodes {
			n.slow(ttl / 2)
		}
		time.Sleep(time.Minute)
		holder := w.who.Load().(string)
		for _, n := range nodes {
			n.slow(0)
		}
		nodes[holder].set(cut)
		time.Sleep(8*ttl + 8*ttl/6 + ttl)
		if w.working(holder) || w.inside.Load() != 1 {
			t.Error("nobody follows")
		}
		for _, n := range nodes {
			n.stop()
		}
	})
}

// Who finds that another has taken the lease, as after a suspension, stops.
func TestTakenLeaseEndsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newShelf(), &watch{t: t}
		n := s.node(t, "n1", w.by("n1"))
		time.Sleep(ttl)
		l := s.get(name)
		l.Node = "n2"
		if _, err := s.change(name, l); err != nil {
			t.Fatal(err)
		}
		time.Sleep(ttl/3 + time.Millisecond)
		if w.inside.Load() != 0 {
			t.Error("it works on")
		}
		n.stop()
	})
}

// A holder that was not able to stop knows that it holds nothing any more.
func TestHeldEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		ask := make(chan func() bool, 1)
		n := s.node(t, "n1", func(ctx context.Context, _ uint64, held func() bool) error {
			ask <- held
			<-ctx.Done()
			return ctx.Err()
		})
		held := <-ask
		n.set(cut)
		time.Sleep(ttl*2/3 - time.Millisecond)
		if !held() {
			t.Error("gone too early")
		}
		time.Sleep(time.Millisecond)
		if held() {
			t.Error("held too long")
		}
		n.stop()
	})
}

// Work that fails leaves the lease to others, and comes again.
func TestFailedWorkBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		var began atomic.Int32
		fail := func(context.Context, uint64, func() bool) error { began.Add(1); return errors.New("no") }
		first := s.node(t, "n1", fail)
		synctest.Wait()
		w := &watch{t: t}
		second := s.node(t, "n2", w.by("n2"))
		synctest.Wait()
		if !w.working("n2") {
			t.Error("it was not left to the other")
		}
		second.stop()
		time.Sleep(2 * ttl)
		if began.Load() < 2 {
			t.Error("it did not begin anew")
		}
		first.stop()
	})
}

func TestMetricSaysWhoHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w, set := newShelf(), &watch{t: t}, metrics.NewSet()
		stop := hold(t, &view{shelf: s}, lease.Options{Node: "n1", Metrics: set}, w.by("n1"))
		synctest.Wait()
		if got := written(set); !strings.Contains(got, `crier_lease_held{name="plan-normal"} 1`) {
			t.Errorf("while held: %s", got)
		}
		stop()
		if got := written(set); !strings.Contains(got, `crier_lease_held{name="plan-normal"} 0`) {
			t.Errorf("after: %s", got)
		}
	})
}

func written(s *metrics.Set) string {
	var b strings.Builder
	s.WritePrometheus(&b)
	return b.String()
}

func TestOptionsAreChecked(t *testing.T) {
	for _, wrong := range []time.Duration{time.Millisecond, -time.Second, time.Hour} {
		if len(lease.Options{TTL: wrong}.Check()) == 0 {
			t.Errorf("%s is accepted", wrong)
		}
	}
	if faults := (lease.Options{}).Check(); len(faults) > 0 {
		t.Error(faults)
	}
}
