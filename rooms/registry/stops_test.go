package registry_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

func TestStopsAndComplaints(t *testing.T) {
	h := newHouse(t)
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := registry.NewSuppressions(h.log, h.openKeys(), registry.SuppressionOptions{}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	endpoint := func(text string) rooms.Endpoint {
		at, err := rooms.ParsePhone(text)
		must(err)
		return rooms.Endpoint{Channel: rooms.SMS, Address: at}
	}
	aida, bakyt := endpoint("+996555000111"), endpoint("+996555000112")
	must(s.Stop(ctx, "clinic", aida, "a"))
	must(s.Stop(ctx, "clinic", aida, "a"))
	if !s.Stopped("clinic", aida) || s.Stopped("taxes", aida) || s.Stopped("clinic", bakyt) || s.Holds(aida) {
		t.Error("a stop is of one person in one room")
	}
	page, _ := s.List(0, 9)
	if len(page) != 1 || page[0].Reason != "stopped" || page[0].Times != 1 || page[0].Room != "clinic" {
		t.Errorf("listed %+v", page)
	}
	known := []rooms.RoomConfig{{Name: "taxes"}, {Name: "clinic"}}
	if stops := s.Stops(known, aida); len(stops) != 1 || stops[0].Room != "clinic" || stops[0].Reason != "stopped" || len(s.Stops(known, bakyt)) != 0 {
		t.Errorf("stopped: %+v", stops)
	}
	must(s.Start(ctx, "clinic", aida))
	must(s.Start(ctx, "clinic", aida))
	if s.Stopped("clinic", aida) {
		t.Error("a start does not end it")
	}
	must(s.Complained(ctx, bakyt, "b"))
	must(s.Taken(ctx, bakyt, "01.1", false))
	must(s.Taken(ctx, bakyt, "01.1", true))
	must(s.Delivered(ctx, "01.1"))
	must(s.Refused(ctx, bakyt, rooms.NoMailbox, "c"))
	if one, err := s.Find(bakyt); err != nil || one.Reason != "complaint" || !s.Holds(bakyt) {
		t.Errorf("what was taken there ends a complaint: %+v, %v", one, err)
	}
	now = now.Add(366 * 24 * time.Hour)
	if s.Holds(bakyt) || s.Stopped("clinic", aida) {
		t.Error("it never ends")
	}
	must(s.Taken(ctx, aida, "02.1", false))
}

func TestLeaveByAContact(t *testing.T) {
	h := newHouse(t)
	at, err := rooms.ParseEmail("aida@example.com")
	if err != nil {
		t.Fatal(err)
	}
	second, err := rooms.ParsePhone("+996555000111")
	if err != nil {
		t.Fatal(err)
	}
	c := rooms.Contact{Channel: rooms.Email, Address: at, Others: []rooms.Endpoint{{Channel: rooms.SMS, Address: second}}}
	byMail, byPhone := rooms.Endpoint{Channel: rooms.Email, Address: at}, rooms.Endpoint{Channel: rooms.SMS, Address: second}
	for _, how := range []struct {
		at    rooms.Endpoint
		owner rooms.SubscriberID
	}{{byMail, ""}, {byPhone, h.subs.ID("clinic", c)}} {
		if _, _, err := h.subs.Subscribe(t.Context(), "clinic", rooms.Subscription{Contact: c, Again: true}); err != nil {
			t.Fatal(err)
		}
		if err := h.subs.Leave(t.Context(), "taxes", how.at, how.owner); !errors.Is(err, registry.ErrUnknownSubscriber) {
			t.Errorf("another room: %v", err)
		}
		if err := h.subs.Leave(t.Context(), "clinic", how.at, how.owner); err != nil {
			t.Error(err)
		}
		if err := h.subs.Leave(t.Context(), "clinic", how.at, how.owner); !errors.Is(err, registry.ErrUnknownSubscriber) {
			t.Errorf("twice: %v", err)
		}
	}
}
