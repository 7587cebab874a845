package stream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// A tail goes on, and gives everything once, when the leader of everything has gone.
func TestTailOutlivesOtherNodes(t *testing.T) {
	n, w := wiredNodes(t)
	lead := n.leads(t, streamEvents)
	here := n.logs[(lead+1)%3]
	ctx, cancel := context.WithCancel(t.Context())
	var tails sync.WaitGroup
	defer tails.Wait()
	defer cancel()
	var got [8]atomic.Int64 // by tail: an ordered consumer would stand now here, now there
	var order atomic.Bool
	for i := range got {
		tails.Go(func() {
			last := uint64(0)
			_ = here.TailEvents(ctx, 0, func(es []rooms.Event) error {
				for _, e := range es {
					if e.Sequence != last+1 {
						order.Store(true)
					}
					last = e.Sequence
				}
				got[i].Add(int64(len(es)))
				return nil
			})
		})
	}
	record := func(i int) {
		t.Helper()
		if err := here.Record(t.Context(), rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: "01JDB6T0G00000000000000001", N: i, Attempt: 1, At: time.Now().UTC()}); err != nil {
			t.Fatal(err)
		}
		stored := time.Now()
		until(t, func() error {
			for n := range got {
				if told := got[n].Load(); told <= int64(i) {
					return fmt.Errorf("%d events told by tail %d, %d are there", told, n, i+1)
				}
			}
			return nil
		})
		if d := time.Since(stored); d > 3*time.Second {
			t.Errorf("event %d was told after %v", i, d)
		}
	}
	for i := range 100 {
		if i == 50 {
			w.isolate(lead)
		}
		began := time.Now()
		record(i)
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("event %d took %v", i, d)
		} else if i == 50 {
			t.Logf("the next event took %v", d)
		}
	}
	if order.Load() {
		t.Error("not in order")
	}
}
