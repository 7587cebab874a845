package registry_test

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// What is decided about a provider on one node holds there at once, and on another soon; after a start it is known, with
// what was before.
func TestUsesAreKnownOnEveryNode(t *testing.T) {
	h := newHouse(t)
	node := func() *registry.Providers {
		return registry.NewProviders(h.log, noon, slog.New(slog.DiscardHandler))
	}
	here, there := node(), node()
	if u := there.Of(rooms.SMS, "first"); u.State != rooms.ProviderRunning || u.Factor != 100 || u.Entry != 0 {
		t.Errorf("of which nothing was said: %+v", u)
	}
	first, err := here.Change(t.Context(), rooms.SMS, "first", rooms.ProviderChange{State: rooms.ProviderDrained, Factor: 100, By: "root"}, nil)
	if err != nil || first.Entry == 0 || !first.At.Equal(noon()) || here.Of(rooms.SMS, "first").State != rooms.ProviderDrained {
		t.Fatalf("%+v, %v", first, err)
	}
	if u := here.Of(rooms.Email, "first"); u.Entry != 0 {
		t.Errorf("another channel's: %+v", u)
	}
	none := uint64(0)
	if _, err := there.Change(t.Context(), rooms.SMS, "first", rooms.ProviderChange{State: rooms.ProviderRunning, Factor: 100}, &none); !errors.Is(err, registry.ErrRevision) {
		t.Errorf("a decision was lost: %v", err)
	}
	if _, err := there.Put(t.Context(), rooms.UnmovedProvider(rooms.SMS, "first")); !errors.Is(err, registry.ErrRevision) || !errors.Is(err, stream.ErrRevision) {
		t.Errorf("a decision was lost: %v", err)
	}
	second, err := there.Change(t.Context(), rooms.SMS, "first", rooms.ProviderChange{State: rooms.ProviderPinned, Factor: 25, By: "root"}, nil)
	if err != nil || second.Factor != 25 || len(second.Changes) != 1 || second.Changes[0] != first.ProviderChange {
		t.Errorf("%+v, %v", second, err)
	}
	if err := here.Load(t.Context()); err != nil || here.Of(rooms.SMS, "first").Entry != second.Entry {
		t.Errorf("%+v, %v", here.Of(rooms.SMS, "first"), err)
	}
	fresh := node()
	if err := fresh.Load(t.Context()); err != nil || fresh.Of(rooms.SMS, "first").Factor != 25 || len(fresh.Of(rooms.SMS, "first").Changes) != 1 {
		t.Errorf("after a start: %+v, %v", fresh.Of(rooms.SMS, "first"), err)
	}
}

// Of people who decide at the same time each is heard, one after the other.
func TestDecisionsAboutAProviderFollowEachOther(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	for n := range 6 {
		p := registry.NewProviders(h.log, time.Now, slog.New(slog.DiscardHandler))
		all.Go(func() {
			if _, err := p.Change(t.Context(), rooms.SMS, "first", rooms.ProviderChange{State: rooms.ProviderPinned, Factor: n}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p := registry.NewProviders(h.log, time.Now, slog.New(slog.DiscardHandler))
	if err := p.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u := p.Of(rooms.SMS, "first"); len(u.Changes) != 5 {
		t.Errorf("%d before: %+v", len(u.Changes), u)
	}
}

// Nodes hear each other from an entry on, of each the latest word.
func TestNodesHearEachOther(t *testing.T) {
	h := newHouse(t)
	say := func(node string, calls int) {
		r := rooms.NodeReport{Node: node, Providers: []rooms.ProviderReport{{Channel: rooms.SMS, Name: "first", Use: 3, Calls: calls, Failed: 2, Open: true, Quiet: 7}}}
		if err := h.log.PutNode(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	say("n1", 1)
	say("n 2.*>", 2)
	say("n1", 3)
	all, err := h.log.Nodes(t.Context(), 0)
	if err != nil || len(all) != 2 || all[0].Node != "n 2.*>" || all[1].Node != "n1" || all[1].Providers[0].Calls != 3 || !all[1].Providers[0].Open || all[1].Providers[0].Quiet != 7 {
		t.Fatalf("%+v, %v", all, err)
	}
	if all, err = h.log.Nodes(t.Context(), all[1].Entry+1); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if uses, err := h.log.Providers(t.Context(), 0); err != nil || len(uses) != 0 {
		t.Errorf("taken for uses: %+v, %v", uses, err)
	}
}
