package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// cuttable is a log that can be cut off.
type cuttable struct {
	Reports
	cut bool
}

func (c *cuttable) PutNode(ctx context.Context, r rooms.NodeReport) error {
	if c.cut {
		return errors.New("cut off")
	}
	return c.Reports.PutNode(ctx, r)
}

// village are nodes on one log, by one clock.
type village struct {
	*rig
	now  time.Time
	all  map[string]*nodes
	logs map[string]*cuttable
}

func (v *village) join(name string) {
	v.logs[name] = &cuttable{Reports: v.log}
	v.all[name] = &nodes{store: v.logs[name], name: name, gone: 3 * time.Second, now: func() time.Time { return v.now },
		log: slog.New(slog.DiscardHandler), others: map[string]*other{}}
}

// second has each node look once, and gives the sum of what they take of the rate.
func (v *village) second() (sum float64) {
	v.now = v.now.Add(time.Second)
	for _, n := range v.all {
		n.look(v.Context(), []rooms.ProviderReport{{Channel: rooms.SMS, Name: "a"}})
	}
	for _, n := range v.all {
		if count, held := n.sharing(rooms.SMS, "a"); !held {
			sum += 1 / float64(count)
		}
	}
	return sum
}

// However nodes come and go, together they take no more than the rate, and within the time in which a node is missed,
// all of it. Who is cut off keeps to his share.
func TestRateIsSharedByTheNodesThatAreThere(t *testing.T) {
	v := &village{rig: newRig(t), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), all: map[string]*nodes{}, logs: map[string]*cuttable{}}
	for _, step := range []struct {
		what   string
		do     func()
		settle int // after so many seconds they take all of it
	}{
		{"alone", func() { v.join("n1") }, 0},
		{"a second one", func() { v.join("n2") }, 3},
		{"a third one", func() { v.join("n3") }, 3},
		{"one dies", func() { delete(v.all, "n2") }, 4},
		{"it comes back", func() { v.join("n2") }, 3},
		{"one starts anew at once", func() { v.join("n3") }, 3},
		{"all are cut off", func() {
			for _, l := range v.logs {
				l.cut = true
			}
		}, 0},
		{"and hear each other again", func() {
			for _, l := range v.logs {
				l.cut = false
			}
		}, 0},
	} {
		step.do()
		for second := range 10 {
			sum := v.second()
			if sum > 1.0001 {
				t.Errorf("%s: after %d seconds they take %.2f of the rate", step.what, second, sum)
			}
			if second >= step.settle && sum < 0.9999 {
				t.Errorf("%s: after %d seconds they take only %.2f of the rate", step.what, second, sum)
			}
		}
	}
	for _, n := range v.all {
		if count, held := n.sharing(rooms.SMS, "a"); count != 3 || held {
			t.Errorf("%s counts %d", n.name, count)
		}
		if count, _ := n.sharing(rooms.Email, "a"); count != 1 {
			t.Errorf("of a provider that the others have not, %s counts %d", n.name, count)
		}
		if got := len(n.reports()); got != 2 {
			t.Errorf("%s has %d reports of others", n.name, got)
		}
	}
}

// Three nodes that pull from one log take from one sink no more than its rate, and nearly as much.
func TestThreeNodesKeepToARate(t *testing.T) {
	r := newRig(t)
	const rate = 30
	var taken atomic.Int64
	sink := send(func(context.Context, rooms.Delivery) Outcome { taken.Add(1); return Outcome{Result: Sent} })
	var bridges []*Bridge
	for n := range 3 {
		d := r.deps(nil)
		d.Metrics, d.Reports, d.Node = metrics.NewSet(), r.log, fmt.Sprint("n", n)
		d.Providers = map[rooms.Channel][]Configured{rooms.SMS: {{Named: Named{"slow", sink}, Rate: rate}}}
		b := New(Options{Health: HealthOptions{Report: 100 * time.Millisecond}}, d)
		ctx, cancel := context.WithCancel(context.Background())
		var done sync.WaitGroup
		done.Go(func() { _ = b.Run(ctx) })
		t.Cleanup(func() { cancel(); done.Wait() })
		bridges = append(bridges, b)
	}
	for _, b := range bridges {
		r.eventually("sharing", func() error {
			if s, err := b.Provider(rooms.SMS, "slow"); err != nil || s.Nodes != 3 {
				return fmt.Errorf("%d nodes share, %v", s.Nodes, err)
			}
			return nil
		})
	}
	r.publish(rooms.Normal, false, rooms.SMS, 20*rate) // more than they come to within the test
	r.eventually("the first", func() error {
		if taken.Load() == 0 {
			return errors.New("nothing came")
		}
		return nil
	})
	began, before := time.Now(), taken.Load() // the first was seen late, on a busy machine: others have come since
	var got float64
	r.eventually("most", func() error {
		if got = float64(taken.Load() - before); got < 4*rate {
			return fmt.Errorf("%.0f came", got)
		}
		return nil
	})
	took := time.Since(began)
	t.Logf("%.0f in %s: %.1f a second", got, took, got/took.Seconds())
	most := rate*took.Seconds() + 0.1*rate + 6 // slots that came late are made up for, by a tenth of a second
	if got > most || got < 0.5*rate*took.Seconds() {
		t.Errorf("%.0f came in %s, at a rate of %d", got, took, rate)
	}
}
