package registry_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

func endpoint(c rooms.Contact) rooms.Endpoint {
	return rooms.Endpoint{Channel: c.Channel, Address: c.Address}
}

// An address that was refused is left alone, longer each time, and is known on every node; the same refusal counts once.
func TestRefusedAddressesRest(t *testing.T) {
	h, now := newHouse(t), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	v, quiet := h.openKeys(), slog.New(slog.DiscardHandler)
	here := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, clock, quiet)
	there := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, clock, quiet)
	at, other, ctx := endpoint(email(t, "Gone@example.com")), endpoint(email(t, "here@example.com")), t.Context()
	const day = 24 * time.Hour
	for n, rest := range []time.Duration{30 * day, 60 * day, 120 * day, 240 * day, 365 * day, 365 * day} {
		node := []*registry.Suppressions{here, there}[n%2]
		for range 2 {
			if err := node.Refused(ctx, at, rooms.NoMailbox, "attempt"+string(rune('a'+n))); err != nil {
				t.Fatal(err)
			}
		}
		one, err := node.Find(endpoint(email(t, "gone@example.com")))
		if err != nil || one.Times != n+1 || one.Until.Sub(now) != rest || !node.Holds(at) || node.Holds(other) {
			t.Errorf("%d: %+v, %v", n, one, err)
		}
		now = one.Until
		if node.Holds(at) {
			t.Errorf("%d: it rests for ever", n)
		}
	}
}

func TestAddressesHeal(t *testing.T) {
	h := newHouse(t)
	s := registry.NewSuppressions(h.log, h.openKeys(), registry.SuppressionOptions{}, time.Now, slog.New(slog.DiscardHandler))
	at, ctx := endpoint(email(t, "gone@example.com")), t.Context()
	gone := func(way string) {
		t.Helper()
		if _, err := s.Find(at); !errors.Is(err, registry.ErrUnknownSuppression) {
			t.Errorf("%s: %v", way, err)
		}
	}
	refuse := func(attempt string) {
		t.Helper()
		if err := s.Refused(ctx, at, rooms.NoMailbox, attempt); err != nil || !s.Holds(at) {
			t.Fatal(err)
		}
	}
	gone("at first")
	refuse("1")
	one, _ := s.Find(at)
	if err := s.Remove(ctx, one.ID); err != nil {
		t.Error(err)
	}
	gone("by hand")
	if err := s.Remove(ctx, one.ID); !errors.Is(err, registry.ErrUnknownSuppression) {
		t.Error(err)
	}
	refuse("2")
	if err := s.Taken(ctx, at, "u.0", false); err != nil {
		t.Error(err)
	}
	gone("taken, and no receipt follows")
	refuse("3")
	if err := s.Taken(ctx, at, "u.1", true); err != nil || !s.Holds(at) {
		t.Errorf("taken, and a receipt is to follow: %v", err)
	}
	there := registry.NewSuppressions(h.log, h.openKeys(), registry.SuppressionOptions{}, time.Now, slog.New(slog.DiscardHandler))
	if err := there.Load(ctx); err != nil {
		t.Fatal(err)
	}
	if err := there.Delivered(ctx, "u.0"); err != nil || !there.Holds(at) {
		t.Errorf("another receipt: %v", err)
	}
	if err := there.Delivered(ctx, "u.1"); err != nil || there.Holds(at) {
		t.Errorf("the receipt: %v", err)
	}
	if err := s.Load(ctx); err != nil {
		t.Fatal(err)
	}
	gone("delivered, as another node heard")
	if all, next := s.List(0, 10); len(all) != 0 || next != 0 {
		t.Errorf("%+v", all)
	}
}

// A receipt that comes again brings nothing back that was taken back since: neither here nor on another node. A STOP does:
// two of the same person may bear one id.
func TestWhatIsTakenBackStays(t *testing.T) {
	h := newHouse(t)
	v, quiet := h.openKeys(), slog.New(slog.DiscardHandler)
	s := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, time.Now, quiet)
	at, ctx := endpoint(phone(t, 1)), t.Context()
	for name, back := range map[string]func() error{
		"he has written": func() error { return s.Exists(ctx, at) },
		"by hand":        func() error { one, err := s.Find(at); return errors.Join(err, s.Remove(ctx, one.ID)) },
		"taken":          func() error { return s.Taken(ctx, at, "later", false) },
	} {
		if err := s.Refused(ctx, at, rooms.NoMailbox, name); err != nil || !s.Holds(at) {
			t.Fatal(name, err)
		}
		if err := back(); err != nil || s.Holds(at) {
			t.Fatal(name, err)
		}
		there := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, time.Now, quiet)
		if err := there.Load(ctx); err != nil {
			t.Fatal(err)
		}
		for _, node := range []*registry.Suppressions{s, there} {
			if err := node.Refused(ctx, at, rooms.NoMailbox, name); err != nil || node.Holds(at) {
				t.Errorf("%s: the same receipt again: %v", name, err)
			}
		}
		if err := s.Load(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Refused(ctx, at, rooms.NoMailbox, "another attempt"); err != nil || !s.Holds(at) {
		t.Errorf("another attempt: %v", err)
	}
	if err := errors.Join(s.Stop(ctx, "clinic", at, "1"), s.Start(ctx, "clinic", at), s.Stop(ctx, "clinic", at, "1")); err != nil || !s.Stopped("clinic", at) {
		t.Errorf("a STOP that comes again is not heard: %v", err)
	}
}
