package quota

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

func header(n int) rooms.Header {
	return rooms.Header{UMID: rooms.UMID(fmt.Sprintf("%026d", n)), Room: "newborn", Lane: rooms.Normal, Publisher: "hosp-7", ReceivedAt: time.Now()}
}

// follower is an index that catches up, or does not.
type follower struct {
	stuck atomic.Bool
	waits atomic.Int64
}

func (f *follower) wait(ctx context.Context) error {
	f.waits.Add(1)
	if f.stuck.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func perMinute(n int) Options { return Options{Limit: Limit{PerMinute: n}} }

func TestQuotaIsKnownOrRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &follower{}
		q := New(perMinute(100), Deps{Wait: f.wait})
		take := func() error {
			_, err := q.Take(t.Context(), header(int(time.Now().UnixNano())), rooms.PolicyRules{})
			return err
		}
		if err := take(); err != nil {
			t.Fatalf("when it has caught up: %v", err)
		}
		f.stuck.Store(true)
		time.Sleep(4 * time.Second)
		if err := take(); err != nil {
			t.Errorf("behind by less than it may be: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := take(); !errors.Is(err, rooms.ErrQuotaUnknown) {
			t.Errorf("behind by more: %v", err)
		}
		if _, err := q.Used(t.Context(), "hosp-7", "", rooms.PolicyRules{}); !errors.Is(err, rooms.ErrQuotaUnknown) {
			t.Errorf("asked what is left: %v", err)
		}
		f.stuck.Store(false)
		if err := take(); err != nil {
			t.Errorf("caught up again: %v", err)
		}
		f.stuck.Store(true)
		q.Anew()
		if err := take(); !errors.Is(err, rooms.ErrQuotaUnknown) {
			t.Errorf("begun anew: %v", err)
		}
	})
}

// A look that began before counting began anew says nothing about it.
func TestLookOfAnEarlierCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(perMinute(100), Deps{Wait: func(context.Context) error { time.Sleep(time.Second); return nil }})
		go func() { time.Sleep(time.Second / 2); q.Anew() }()
		if _, err := q.Take(t.Context(), header(1), rooms.PolicyRules{}); !errors.Is(err, rooms.ErrQuotaUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNothingIsAskedWhereNoQuotaApplies(t *testing.T) {
	f := &follower{}
	f.stuck.Store(true)
	q := New(Options{Clients: map[string]Limit{"other": {PerMinute: 1}}}, Deps{Wait: f.wait})
	a, err := q.Take(t.Context(), header(1), rooms.PolicyRules{Lanes: map[rooms.Lane]rooms.Quota{rooms.Bulk: {PerDay: 1}}})
	if err != nil || a.Limit != 0 || f.waits.Load() != 0 || len(q.tally.flying) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	if all, err := q.Used(t.Context(), "hosp-7", "newborn", rooms.PolicyRules{}); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestExceptionsForClients(t *testing.T) {
	o := Options{Limit: Limit{PerMinute: 1}, Clients: map[string]Limit{"hosp-7": {PerDay: 5}, "tax-1": {}}}
	for client, want := range map[rooms.Client]rooms.Quota{"hosp-7": {PerDay: 5}, "tax-1": {}, "other": {PerMinute: 1}} {
		if got := o.of(client); got != want {
			t.Errorf("%s: %+v", client, got)
		}
	}
	if faults := (Options{Limit: Limit{PerDay: -1}, Clients: map[string]Limit{"a b": {}}, MaxLag: -1}).Check(); len(faults) != 3 {
		t.Errorf("%v", faults)
	}
}

// 64 at once on one node: exactly as many as the quota says.
func TestConcurrentPublishers(t *testing.T) {
	q := New(perMinute(1000), Deps{Wait: (&follower{}).wait})
	var accepted, refused atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for j := range 50 {
				h := header(i*1000 + j)
				_, err := q.Take(t.Context(), h, rooms.PolicyRules{})
				var over *rooms.QuotaError
				switch {
				case err == nil && j%10 == 9:
					q.Give(h) // it was not stored
				case err == nil:
					accepted.Add(1)
					q.Accepted([]rooms.Header{h})
				case errors.As(err, &over):
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	used, err := q.Used(t.Context(), "hosp-7", "", rooms.PolicyRules{})
	if n := accepted.Load(); err != nil || n > 1000 || refused.Load() == 0 || used[0].PerMinute.Remaining != 1000-int(n) {
		t.Errorf("%d accepted, %d refused, %+v left, %v", n, refused.Load(), used, err)
	}
}

func TestUsed(t *testing.T) {
	q := New(perMinute(10), Deps{Wait: (&follower{}).wait})
	rules := rooms.PolicyRules{Quota: rooms.Quota{PerDay: 5}, Lanes: map[rooms.Lane]rooms.Quota{rooms.Normal: {PerMinute: 3}, rooms.Bulk: {}}}
	if _, err := q.Take(t.Context(), header(1), rules); err != nil {
		t.Fatal(err)
	}
	over, err := q.Used(t.Context(), "hosp-7", "", rooms.PolicyRules{})
	there, err2 := q.Used(t.Context(), "hosp-7", "newborn", rules)
	if err != nil || err2 != nil || len(over) != 2 || over[1].Lane != rooms.Emergency || over[1].PerMinute.Remaining != 10 || over[0].PerMinute.Remaining != 9 || over[0].PerDay.Limit != 0 ||
		len(there) != 3 || there[0].PerDay.Remaining != 4 || there[1].Lane != rooms.Emergency || there[1].PerDay.Limit != 100 ||
		there[2].Lane != rooms.Normal || there[2].PerMinute.Remaining != 2 {
		t.Errorf("%+v %+v, %v %v", over, there, err, err2)
	}
}

// What else was sent holds no emergency back, nor an emergency anything else; but who may send little may not send emergencies
// without end instead.
func TestEmergenciesCountByThemselves(t *testing.T) {
	perDay := func(n int) rooms.Quota { return rooms.Quota{PerDay: n} }
	for name, tc := range map[string]struct {
		options Options
		rules   rooms.PolicyRules
		want    int // emergencies
	}{
		"operator":                 {Options{Limit: Limit{PerDay: 150}}, rooms.PolicyRules{}, 150},
		"operator, few":            {Options{Limit: Limit{PerMinute: 2}}, rooms.PolicyRules{}, 10},
		"operator, of emergencies": {Options{Limit: Limit{PerDay: 2}, Emergency: Limit{PerDay: 3}}, rooms.PolicyRules{}, 3},
		"of a client":              {Options{Clients: map[string]Limit{"hosp-7": {PerDay: 2}}}, rooms.PolicyRules{}, 100},
		"room":                     {Options{}, rooms.PolicyRules{Quota: perDay(2)}, 100},
		"room, of emergencies":     {Options{}, rooms.PolicyRules{Quota: perDay(2), Lanes: map[rooms.Lane]rooms.Quota{rooms.Normal: {}, rooms.Emergency: perDay(5)}}, 5},
		"both":                     {Options{Limit: Limit{PerDay: 7}, Emergency: Limit{PerDay: 30}}, rooms.PolicyRules{Quota: perDay(2)}, 30},
	} {
		q := New(tc.options, Deps{Wait: (&follower{}).wait})
		n := 0
		accepted := func(l rooms.Lane) (count int) {
			for {
				n++
				h := header(n)
				h.Lane = l
				_, err := q.Take(t.Context(), h, tc.rules)
				var over *rooms.QuotaError
				switch {
				case errors.As(err, &over):
					return count
				case err != nil || count > 1000:
					t.Fatalf("%s: %d, %v", name, count, err)
				}
				count++
			}
		}
		most := accepted(rooms.Normal)
		if got := accepted(rooms.Emergency); most == 0 || got != tc.want {
			t.Errorf("%s: %d emergencies after %d others, want %d", name, got, most, tc.want)
		}
	}
	q := New(perMinute(3), Deps{Wait: (&follower{}).wait})
	for n := range 3 {
		h := header(n)
		h.Lane = rooms.Emergency
		q.Accepted([]rooms.Header{h})
	}
	if a, err := q.Take(t.Context(), header(9), rooms.PolicyRules{}); err != nil || a.Remaining != 2 {
		t.Errorf("after three emergencies: %+v, %v", a, err)
	}
}

// An emergency does not wait until it is known how much of a quota is used.
func TestEmergenciesGoWhileNothingIsKnown(t *testing.T) {
	f := &follower{}
	f.stuck.Store(true)
	q := New(perMinute(1), Deps{Wait: f.wait})
	h := header(1)
	h.Lane = rooms.Emergency
	if _, err := q.Take(t.Context(), h, rooms.PolicyRules{}); err != nil {
		t.Errorf("%v", err)
	}
}
