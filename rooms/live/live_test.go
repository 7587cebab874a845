package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/live"
)

// Many begin at all kinds of places while messages are published; each gets all that follows, once and
// in order, whether it is at hand or has to be read from the log.
func TestListenersMissNothingAndGetNothingTwice(t *testing.T) {
	for name, o := range map[string]live.Options{"all at hand": {}, "hardly anything at hand": {Buffer: 50, Readers: 2}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, o)
			r.publish(150, nil)
			other := func(m *rooms.Message) { m.Room = "taxes" }
			r.publish(20, other)
			const later = 300
			var all sync.WaitGroup
			got := make([][]uint64, 40)
			for i := range got {
				l := r.listen(after(uint64(i * 3)))
				all.Go(func() { got[i] = r.take(l, 150-i*3+later) })
			}
			all.Go(func() {
				for range later {
					r.publish(1, nil)
					r.publish(1, other)
				}
			})
			all.Wait()
			for i := range got {
				if want := r.sent[i*3:]; !slices.Equal(got[i], want) {
					t.Errorf("listener %d got %d messages, or others than the %d that it should have", i, len(got[i]), len(want))
				}
			}
		})
	}
}

func TestMessageIsRenderedOnceForAll(t *testing.T) {
	r := newRig(t, live.Options{})
	var all sync.WaitGroup
	for range 50 {
		l := r.listen(live.Query{})
		all.Go(func() { r.take(l, 20) })
	}
	r.publish(20, nil)
	all.Wait()
	for sequence, times := range r.rendered {
		if times != 1 {
			t.Errorf("message %d was rendered %d times", sequence, times)
		}
	}
}

func TestFromNowOn(t *testing.T) {
	r := newRig(t, live.Options{})
	r.publish(3, nil)
	l := r.listen(live.Query{})
	r.nothing(l)
	if l.At() != 3 {
		t.Errorf("begins at %d, want 3", l.At())
	}
	r.publish(2, nil)
	if got := r.take(l, 2); !slices.Equal(got, []uint64{4, 5}) {
		t.Errorf("got %v", got)
	}
}

func TestSinceATime(t *testing.T) {
	r := newRig(t, live.Options{})
	r.publish(3, nil)
	at := time.Now()
	r.publish(3, nil)
	for since, want := range map[time.Time][]uint64{
		at.Add(-time.Hour): {1, 2, 3, 4, 5, 6}, at: {4, 5, 6}, at.Add(time.Hour): {},
	} {
		l := r.listen(live.Query{Start: live.Start{Since: since}})
		if got := r.take(l, len(want)); !slices.Equal(got, want) && len(want) > 0 {
			t.Errorf("since %s: %v, want %v", since, got, want)
		}
		r.nothing(l)
	}
}

func TestOnlyWhatIsWanted(t *testing.T) {
	r := newRig(t, live.Options{})
	mix := func(m *rooms.Message) {
		switch n := r.next; {
		case n%4 == 0:
			m.Lane = rooms.Bulk
		case n%4 == 1:
			m.Type = "alert"
		case n%4 == 2:
			m.Direct = true
		}
	}
	fromLog := r.listen(live.Query{Selection: rooms.Selection{Lane: rooms.Bulk}, Start: live.Start{Resume: true}})
	r.publish(40, mix)
	atHand := r.listen(live.Query{Selection: rooms.Selection{Type: "alert"}})
	r.publish(40, mix)
	bulk, alerts := r.take(fromLog, 20), r.take(atHand, 10)
	for i, sequence := range bulk {
		if sequence != uint64(4*i+4) {
			t.Fatalf("bulk: %v", bulk)
		}
	}
	for i, sequence := range alerts {
		if sequence != uint64(4*i+41) {
			t.Fatalf("alerts: %v", alerts)
		}
	}
	r.nothing(fromLog)
	r.nothing(atHand)
	if fromLog.At() < 79 || atHand.At() < 79 {
		t.Errorf("at %d and %d, want the end of the log", fromLog.At(), atHand.At())
	}
}

func TestEarlierRoomOfTheSameNameIsNotHeard(t *testing.T) {
	r := newRig(t, live.Options{})
	born := time.Now().UTC()
	r.publish(2, func(m *rooms.Message) { m.ReceivedAt = born.Add(-time.Minute) })
	r.publish(1, func(m *rooms.Message) { m.ReceivedAt = born.Add(time.Minute) })
	q := after(0)
	q.Born = born
	if got := r.take(r.listen(q), 1); !slices.Equal(got, []uint64{3}) {
		t.Errorf("got %v, want message 3 alone", got)
	}
}

func TestGapIsTold(t *testing.T) {
	r := newRig(t, live.Options{})
	r.publish(6, nil)
	for _, sequence := range []uint64{1, 2, 3} {
		if err := r.log.Erase(t.Context(), sequence); err != nil {
			t.Fatal(err)
		}
	}
	for at, missing := range map[uint64]bool{0: false, 1: true, 2: true, 3: false, 5: false} {
		l := r.listen(after(at))
		if first, is := l.Gap(); is != missing || is && first != 4 {
			t.Errorf("after %d: gap %t, first %d", at, is, first)
		}
		if want := r.sent[max(at, 3):]; !slices.Equal(r.take(l, len(want)), want) {
			t.Errorf("after %d: not all that is there", at)
		}
	}
}

func TestBeyondTheEnd(t *testing.T) {
	r := newRig(t, live.Options{})
	r.publish(2, nil)
	l := r.listen(after(4))
	r.publish(2, nil)
	r.nothing(l)
	r.publish(2, nil)
	if got := r.take(l, 2); !slices.Equal(got, []uint64{5, 6}) {
		t.Errorf("got %v, want 5 and 6", got)
	}
}

// A room that is silent while others are not moves on with the log, so that its listeners may come
// back after the log has forgotten what there was when they began.
func TestPositionMovesInASilentRoom(t *testing.T) {
	r := newRig(t, live.Options{VerifyEvery: 10 * time.Millisecond})
	r.publish(1, nil)
	l := r.listen(live.Query{})
	r.publish(30, func(m *rooms.Message) { m.Room = "taxes" })
	eventually(t, func() error {
		r.nothing(l)
		if l.At() != 31 {
			return fmt.Errorf("at %d, want 31", l.At())
		}
		return nil
	})
	r.publish(1, nil)
	if got := r.take(l, 1); !slices.Equal(got, []uint64{32}) {
		t.Errorf("got %v, want 32", got)
	}
}

func TestWhatIsAtHandGrowsOld(t *testing.T) {
	r := newRig(t, live.Options{Keep: time.Nanosecond, VerifyEvery: 5 * time.Millisecond})
	fresh := r.listen(live.Query{})
	r.publish(10, nil)
	r.take(fresh, 10)
	eventually(t, func() error { // read anew for each, since nothing is kept
		r.take(r.listen(after(0)), 10)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.rendered[10] < 3 {
			return errors.New("still at hand")
		}
		return nil
	})
}

func TestSlowListenerKeepsNobodyWaiting(t *testing.T) {
	r := newRig(t, live.Options{Buffer: 100})
	slow, quick := r.listen(live.Query{}), r.listen(live.Query{})
	r.nothing(slow)
	var all sync.WaitGroup
	all.Go(func() { r.take(quick, 400) })
	r.publish(400, nil)
	all.Wait()
	if got := r.take(slow, 400); !slices.Equal(got, r.sent) {
		t.Errorf("the slow one got %v", got)
	}
}

// Who listens, and who begins to, is told when the log is gone, and when the hub is closed.
func TestLogThatDoesNotAnswer(t *testing.T) {
	s := brokertest.Start(t)
	r := rigOn(t, s, live.Options{VerifyEvery: 10 * time.Millisecond})
	l := r.listen(live.Query{})
	r.nothing(l)
	r.log.Close()
	eventually(t, func() error {
		if _, _, err := l.Next(t.Context()); !errors.Is(err, live.ErrUnavailable) {
			return fmt.Errorf("a listener is told %w", errors.Join(err, errors.ErrUnsupported))
		}
		return nil
	})
	if _, err := r.hub.Listen(t.Context(), live.Query{Selection: rooms.Selection{Room: "newborn"}}); !errors.Is(err, live.ErrUnavailable) {
		t.Errorf("who begins is told %v", err)
	}
}

func TestClosedHub(t *testing.T) {
	r := newRig(t, live.Options{})
	l := r.listen(live.Query{})
	_, more, _ := l.Next(t.Context())
	r.hub.Close()
	<-more
	if _, _, err := l.Next(t.Context()); !errors.Is(err, live.ErrUnavailable) {
		t.Errorf("a listener is told %v", err)
	}
	if _, err := r.hub.Listen(context.Background(), live.Query{}); !errors.Is(err, live.ErrUnavailable) {
		t.Errorf("who begins is told %v", err)
	}
}

func TestRoomIsFollowedWhileSomebodyListens(t *testing.T) {
	r := newRig(t, live.Options{})
	for range 3 {
		l, err := r.hub.Listen(t.Context(), live.Query{Selection: rooms.Selection{Room: "newborn"}})
		if err != nil {
			t.Fatal(err)
		}
		before := len(r.sent)
		r.publish(5, nil)
		if got := r.take(l, 5); !slices.Equal(got, r.sent[before:]) {
			t.Errorf("got %v", got)
		}
		l.Close()
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	if faults := (live.Options{}).Check(); len(faults) > 0 {
		t.Error(faults)
	}
	if faults := (live.Options{Buffer: -1, Keep: time.Hour, Readers: -1}).Check(); len(faults) != 3 {
		t.Error(faults)
	}
}
