package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// errEnough ends a tail.
var errEnough = errors.New("enough")

// A person is found by any contact, in every room and queue, and erased there: what was kept is gone from the disk.
func TestPersonIsErased(t *testing.T) {
	h := newHouse(t)
	v, ctx, quiet := h.openKeys(), t.Context(), slog.New(slog.DiscardHandler)
	known := h.rooms()
	for _, name := range []rooms.Room{"newborn", "taxes"} {
		if _, err := known.Create(ctx, rooms.RoomConfig{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	mine := email(t, "a@example.com")
	mine.Others, mine.Values = []rooms.Endpoint{endpoint(phone(t, 1))}, map[string]rooms.Body{"district": rooms.NewBody("emme")}
	mobile := phone(t, 1)
	var sealed [][]byte
	subscribe := func(room rooms.Room, c rooms.Contact) rooms.Subscriber {
		t.Helper()
		s, _, err := h.subs.Subscribe(ctx, room, rooms.Subscription{Contact: c, Consent: rooms.Consent{By: "portal", At: time.Now(), Purpose: "reminders"}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, second, other := subscribe("newborn", mine), subscribe("taxes", mobile), subscribe("taxes", phone(t, 2))
	sealed = append(sealed, first.Contact, first.Consent, second.Contact, second.Consent)
	changed, _, err := h.subs.Pause(ctx, "taxes", second.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	sealed = append(sealed, changed.Contact, changed.Consent)
	job := func(n int, s rooms.Subscriber) rooms.Job {
		return rooms.Job{UMID: "01JDB6T0G00000000000000011", N: n, Room: s.Room, Sequence: 1, Lane: rooms.Normal, Channel: s.Channel,
			Owner: string(s.ID), Contact: s.Contact, Attempt: 1, Deadline: time.Now().Add(time.Hour)}
	}
	jobs := stream.PageJobs{UMID: "01JDB6T0G00000000000000011", Jobs: []rooms.Job{job(0, first), job(1, other)}, Mark: stream.Mark{Recipients: "es", Last: true}}
	if err := h.log.Enqueue(ctx, rooms.Normal, []stream.PageJobs{jobs}); err != nil {
		t.Fatal(err)
	}
	if err := h.log.Park(ctx, job(2, second), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	p := registry.Persons{Subscribers: h.subs, Rooms: known, Waiting: h.log, Log: quiet,
		Suppressions: registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, time.Now, quiet)}
	if err := p.Suppressions.Refused(ctx, endpoint(mobile), rooms.NoMailbox, "1"); err != nil {
		t.Fatal(err)
	}
	if err := p.Suppressions.Stop(ctx, "taxes", endpoint(mobile), "2"); err != nil {
		t.Fatal(err)
	}
	data, err := p.Export(ctx, endpoint(mobile))
	if len(data.Stops) != 1 || data.Stops[0].Room != "taxes" || data.Stops[0].Reason != "stopped" {
		t.Errorf("rooms that name him no more: %+v", data.Stops)
	}
	if err != nil || len(data.Subscriptions) != 2 || len(data.Waiting) != 2 || data.Suppression == nil || data.Subscriptions[0].Subscription.Consent.Purpose != "reminders" {
		t.Fatalf("found %d subscriptions, %d deliveries: %v", len(data.Subscriptions), len(data.Waiting), err)
	}
	for range 2 {
		if _, err := p.Erase(ctx, endpoint(mobile)); err != nil {
			t.Fatal(err)
		}
	}
	if data, err = p.Export(ctx, endpoint(mobile)); err != nil || len(data.Subscriptions)+len(data.Waiting) > 0 || data.Suppression == nil {
		t.Errorf("left are %+v, %v", data, err)
	}
	for i, b := range sealed {
		if form := base64.StdEncoding.EncodeToString(b); h.onDisk([]byte(form[8:40])) {
			t.Errorf("what was sealed (%d) is on the disk", i)
		}
	}
	if data, err = p.Export(ctx, endpoint(phone(t, 2))); err != nil || len(data.Subscriptions) != 1 || len(data.Waiting) != 1 {
		t.Errorf("of somebody else are left %+v, %v", data, err)
	}
	failed := 0
	if err := h.log.TailEvents(ctx, 0, func(es []rooms.Event) error {
		for _, e := range es {
			if e.Kind == rooms.EventFailed && e.Reason == rooms.Suppressed {
				failed++
			}
		}
		if failed < 2 {
			return nil
		}
		return errEnough
	}); err != errEnough || failed != 2 {
		t.Errorf("%d deliveries have failed: %v", failed, err)
	}
}

// An e-mail that waits is found by whoever gets a copy of it, in a queue or parked. When he is erased it stays, for those to
// whom it is.
func TestCopiesAreErased(t *testing.T) {
	h := newHouse(t)
	v, ctx, quiet := h.openKeys(), t.Context(), slog.New(slog.DiscardHandler)
	job := func(n int, copies ...rooms.Copy) rooms.Job {
		to := email(t, "a@example.com")
		to.Copies = copies
		sealed, err := v.Seal(to.Encode(), "contact", "newborn", "owner")
		if err != nil {
			t.Fatal(err)
		}
		return rooms.Job{UMID: "01JDB6T0G00000000000000011", N: n, Room: "newborn", Sequence: 1, Lane: rooms.Normal, Channel: rooms.Email,
			Owner: "owner", Contact: sealed, Attempt: 1, Deadline: time.Now().Add(time.Hour)}
	}
	mine := email(t, "copy@example.com")
	open, blind := rooms.Copy{Address: mine.Address}, rooms.Copy{Address: mine.Address, Blind: true}
	jobs := stream.PageJobs{UMID: "01JDB6T0G00000000000000011", Jobs: []rooms.Job{job(0), job(1, open)}, Mark: stream.Mark{Recipients: "ee", Last: true}}
	if err := h.log.Enqueue(ctx, rooms.Normal, []stream.PageJobs{jobs}); err != nil {
		t.Fatal(err)
	}
	if err := h.log.Park(ctx, job(2, blind), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	p := registry.Persons{Subscribers: h.subs, Rooms: h.rooms(), Waiting: h.log, Remember: time.Hour, Log: quiet,
		Suppressions: registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, time.Now, quiet)}
	if data, err := p.Export(ctx, endpoint(mine)); err != nil || len(data.Waiting) != 2 {
		t.Fatalf("%d deliveries: %v", len(data.Waiting), err)
	}
	if _, err := p.Erase(ctx, endpoint(mine)); err != nil {
		t.Fatal(err)
	}
	if data, err := p.Export(ctx, endpoint(mine)); err != nil || len(data.Waiting) != 0 {
		t.Errorf("%d deliveries are left: %v", len(data.Waiting), err)
	}
	if data, err := p.Export(ctx, endpoint(email(t, "a@example.com"))); err != nil || len(data.Waiting) != 3 {
		t.Errorf("%d deliveries of somebody else are left, want 3: %v", len(data.Waiting), err)
	}
}

// A message that waits is found by whom it names, or gives a copy. Erased, he is named by it in vain, on every node, as long
// as it may wait; others are not, nor is he by what is accepted later.
func TestHeldMessagesNameInVain(t *testing.T) {
	h := newHouse(t)
	v, ctx, quiet := h.openKeys(), t.Context(), slog.New(slog.DiscardHandler)
	now := time.Now()
	mine, other := email(t, "gone@example.com"), email(t, "other@example.com")
	copied := other
	copied.Copies = []rooms.Copy{{Address: mine.Address}}
	hold := func(n int, to ...rooms.Contact) rooms.UMID {
		m := rooms.Message{Header: rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: "newborn", Type: "t", Lane: rooms.Normal,
			TxID: fmt.Sprint(n), Policy: rooms.Revision{Name: "standard", Revision: 1}, Held: true, Direct: true, Recipients: len(to),
			ReceivedAt: now, SendAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour)}}
		if err := m.Enclose(v, rooms.Envelope{Content: []byte(`{"text":"hello"}`), Recipients: to}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.log.Append(ctx, m); err != nil {
			t.Fatal(err)
		}
		return m.UMID
	}
	first, second := hold(1, other, mine), hold(2, copied)
	hold(3, other)
	open := func() (*registry.Suppressions, *registry.Persons) {
		s := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, func() time.Time { return now }, quiet)
		if err := s.Load(ctx); err != nil {
			t.Fatal(err)
		}
		return s, &registry.Persons{Subscribers: h.subs, Rooms: h.rooms(), Waiting: h.log, Suppressions: s, Held: h.log, Remember: 24 * time.Hour, Log: quiet}
	}
	_, p := open()
	if data, err := p.Export(ctx, endpoint(mine)); err != nil || len(data.Held) != 2 || data.Held[0].UMID != first || data.Held[1].UMID != second || !data.ErasedAt.IsZero() {
		t.Fatalf("found %+v, %v", data, err)
	}
	for want := range []int{2, 0} {
		if data, err := p.Erase(ctx, endpoint(mine)); err != nil || len(data.Held) != 2-2*want {
			t.Errorf("erased %+v, %v", data.Held, err)
		}
	}
	s, p := open() // as another node
	data, err := p.Export(ctx, endpoint(mine))
	if err != nil || len(data.Held) != 0 || !data.ErasedAt.Equal(now.UTC().Truncate(time.Millisecond)) {
		t.Errorf("left are %+v, %v", data, err)
	}
	for i, e := range []rooms.Endpoint{endpoint(mine), endpoint(other)} {
		if s.Erased(e, first.Time()) != (i == 0) || s.Erased(e, now.Add(time.Second)) || s.Holds(e) {
			t.Errorf("contact %d is named in vain by what was, or is, accepted", i)
		}
	}
	if data, err := p.Export(ctx, endpoint(other)); err != nil || len(data.Held) != 3 {
		t.Errorf("of somebody else %d are left, want 3: %v", len(data.Held), err)
	}
	now = now.Add(25 * time.Hour)
	if s.Erased(endpoint(mine), first.Time()) {
		t.Error("it is remembered longer than such a message may wait")
	}
}

// Who was erased is kept in mind as long as a message waits that was accepted before, and no longer.
func TestErasedAsLongAsASeries(t *testing.T) {
	h, ctx, day := newHouse(t), t.Context(), 24*time.Hour
	v, umid := h.openKeys(), rooms.UMID("01JDB6T0G00000000000000001")
	now := umid.Time().Add(time.Hour)
	gone, later := endpoint(email(t, "gone@example.com")), endpoint(email(t, "later@example.com"))
	m := rooms.Message{Header: rooms.Header{UMID: umid, Room: "newborn", Type: "t", Lane: rooms.Normal, TxID: "1",
		Policy: rooms.Revision{Name: "standard", Revision: 1}, Held: true, Direct: true, Recipients: 1, ReceivedAt: now, SendAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour)}}
	m.Series = m.UMID
	if err := m.Enclose(v, rooms.Envelope{Content: []byte(`{"text":"hello"}`), Recipients: []rooms.Contact{email(t, "gone@example.com")}}); err != nil {
		t.Fatal(err)
	}
	entry, _, err := h.log.Append(ctx, m)
	if err != nil {
		t.Fatal(err)
	}
	s := registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	p := &registry.Persons{Subscribers: h.subs, Suppressions: s, Held: h.log, Remember: 10 * day, Delivery: day}
	erase := func(e rooms.Endpoint) {
		t.Helper()
		if err := s.Erase(ctx, e, p.Remember); err != nil {
			t.Fatal(err)
		}
	}
	pass := func(days int) {
		t.Helper()
		for range days {
			now = now.Add(day)
			if err := p.KeepErased(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	erase(gone)
	pass(35)
	if !s.Erased(gone, umid.Time()) || s.Erased(gone, now) {
		t.Error("he is named by a series that goes on, and was forgotten")
	}
	if err := h.log.Erase(ctx, entry); err != nil {
		t.Fatal(err)
	}
	erase(later)
	pass(11)
	if s.Erased(gone, umid.Time()) || s.Erased(later, umid.Time()) {
		t.Error("nothing names them any more, and they are remembered")
	}
}
