package registry_test

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// What is decided on one node holds there at once, and on another soon; after a start it is known.
func TestDecisionsAreKnownOnEveryNode(t *testing.T) {
	h := newHouse(t)
	const u = rooms.UMID("01JDB6T0G00000000000000001")
	node := func() *registry.Controls { return registry.NewControls(h.log, noon, slog.New(slog.DiscardHandler)) }
	here, there := node(), node()
	first, err := here.Put(t.Context(), rooms.Control{UMID: u, Room: "newborn", State: rooms.ControlPaused, By: "hosp-7"})
	if err != nil || here.Of(u) != first || first.Entry == 0 || !first.At.Equal(noon()) {
		t.Fatalf("%+v, %v", first, err)
	}
	if there.Of(u).Entry != 0 || !there.Of(u).Runs() {
		t.Errorf("known at once elsewhere: %+v", there.Of(u))
	}
	if read, err := there.Read(t.Context(), u); err != nil || read != first || there.Of(u) != first {
		t.Errorf("%+v, %v", read, err)
	}
	stale := first
	stale.Entry, stale.State = 0, rooms.ControlCancelled
	if _, err := there.Put(t.Context(), stale); !errors.Is(err, registry.ErrRevision) || !errors.Is(err, stream.ErrRevision) {
		t.Errorf("a lost update was taken: %v", err)
	}
	next := first
	next.State = rooms.ControlRunning
	if next, err = there.Put(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if err := here.Load(t.Context()); err != nil || here.Of(u) != next {
		t.Errorf("%+v, %v", here.Of(u), err)
	}
	fresh := node()
	if err := fresh.Load(t.Context()); err != nil || len(fresh.All()) != 1 || fresh.All()[0] != next {
		t.Errorf("after a start: %+v, %v", fresh.All(), err)
	}
	if err := here.Drop(t.Context(), next); err != nil || here.Of(u).Entry != 0 {
		t.Errorf("%+v, %v", here.Of(u), err)
	}
	if read, err := here.Read(t.Context(), u); err != nil || read.Entry != 0 || read.UMID != u {
		t.Errorf("forgotten, and yet %+v, %v", read, err)
	}
}

// Of those who decide at the same time, on whatever node, one is taken.
func TestOneOfManyDecides(t *testing.T) {
	h := newHouse(t)
	var taken atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		c := registry.NewControls(h.log, time.Now, slog.New(slog.DiscardHandler))
		all.Go(func() {
			_, err := c.Put(t.Context(), rooms.Control{UMID: "01JDB6T0G00000000000000001", Room: "newborn", State: rooms.ControlPaused, By: rooms.Client(fmt.Sprint(i))})
			if err == nil {
				taken.Add(1)
			} else if !errors.Is(err, registry.ErrRevision) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Errorf("%d were taken", taken.Load())
	}
}
