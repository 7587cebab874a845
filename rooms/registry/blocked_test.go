package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// TestWhoIsBlockedIsKnownOnEveryNode blocks on one and asks another.
func TestWhoIsBlockedIsKnownOnEveryNode(t *testing.T) {
	h := newHouse(t)
	here, there := registry.NewBlocked(h.log, slog.New(slog.DiscardHandler)), registry.NewBlocked(h.log, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- there.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}()
	known := func(want bool) {
		t.Helper()
		for until := time.Now().Add(2 * time.Minute); there.Has("hosp-7") != want; {
			if time.Now().After(until) {
				t.Fatalf("blocked: %t after five seconds", !want)
			}
		}
	}
	if err := here.Block(t.Context(), rooms.Blocked{Client: "hosp-7", By: "root", Since: noon()}); err != nil || !here.Has("hosp-7") || here.Has("hosp") {
		t.Fatal(err)
	}
	known(true)
	if list := there.List(); len(list) != 1 || list[0].By != "root" || !list[0].Since.Equal(noon()) {
		t.Errorf("%+v", list)
	}
	fresh := registry.NewBlocked(h.log, slog.New(slog.DiscardHandler))
	if err := fresh.Load(t.Context()); err != nil || !fresh.Has("hosp-7") {
		t.Errorf("not there after a start: %v", err)
	}
	if err := here.Unblock(t.Context(), "hosp-7"); err != nil || here.Has("hosp-7") {
		t.Fatal(err)
	}
	known(false)
	if err := here.Unblock(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
}

func TestBlockedClientsAreNotCalled(t *testing.T) {
	h := newHouse(t)
	w := h.webhooks(h.openKeys())
	w.Blocked = registry.NewBlocked(h.log, slog.New(slog.DiscardHandler))
	hook := addHook(t, w, "clinic-4", "https://app.example/")
	if _, here, err := w.Subscribed(t.Context(), "newborn", hook.ID, hook.To); err != nil || !here {
		t.Fatal(here, err)
	}
	if err := w.Blocked.Block(t.Context(), rooms.Blocked{Client: "clinic-4"}); err != nil {
		t.Fatal(err)
	}
	if _, here, err := w.Subscribed(t.Context(), "newborn", hook.ID, hook.To); err != nil || here {
		t.Error(here, err)
	}
}
