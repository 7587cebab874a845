package release_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/stream"
)

// monday is a Monday, 9:00 in Bishkek.
var monday = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// weekly begins on that Monday, which is tomorrow.
func weekly(h *house, until time.Time) publish.Request {
	h.set(monday.Add(-24 * time.Hour))
	r := direct(h.t, 1)
	r.Repeat, r.SendAt = rooms.Repeat{Cron: "0 9 * * 1", Zone: "Asia/Bishkek", Until: until}, monday
	return r
}

const week = 7 * 24 * time.Hour

// times are when the messages of a series were meant to go.
func (h *house) times() (all []string) {
	for _, m := range h.sent() {
		all = append(all, m.ReceivedAt.Format("01-02 15:04"))
	}
	return all
}

func TestEachTimeIsAMessage(t *testing.T) {
	h := newHouse(t)
	u := h.accept(weekly(h, monday.Add(2*week))).UMID
	for i := range 3 {
		at := monday.Add(time.Duration(i) * week)
		if !h.wakes(u).Equal(at) {
			t.Fatalf("looked at %v, not at %v", h.wakes(u), at)
		}
		if s := h.summary(u); !s.Held || !s.IsSeries() || !s.NextAt.Equal(at) {
			t.Errorf("it stands as %+v", s)
		}
		h.set(at.Add(100 * time.Millisecond))
		h.look(u)
		h.look(u)
	}
	if got := fmt.Sprint(h.times()); got != "[11-23 03:00 11-30 03:00 12-07 03:00]" {
		t.Fatalf("sent at %v", got)
	}
	for i, m := range h.sent() {
		at := monday.Add(time.Duration(i) * week)
		if m.UMID != release.Occurrence(u, at) || !m.UMID.Time().Equal(at) || m.Series != u || m.Held || !m.ExpiresAt.Equal(at.Add(24*time.Hour)) {
			t.Errorf("sent %+v", m.Header)
		}
		e, err := m.Open(h.vault)
		must(t, err)
		if !e.Repeat.IsZero() || e.TransactionID != "hosp-7-1/"+at.Format(time.RFC3339) || len(e.Recipients) != 1 {
			t.Errorf("its envelope: %q, %+v", e.TransactionID, e.Repeat)
		}
	}
	if s := h.summary(u); len(h.waiting()) != 0 || s.Held || s.FinishedAt.IsZero() {
		t.Errorf("over, it stands as %+v, and %d wait", s, len(h.waiting()))
	}
}

// Whatever call fails, each time is made once.
func TestSeriesSurvives(t *testing.T) {
	for n, reached := 1, true; reached; n++ {
		for _, done := range []bool{false, true} {
			h := newHouse(t)
			u := h.accept(weekly(h, time.Time{})).UMID
			h.set(monday)
			h.wires.cut(n, done)
			_ = h.Look(t.Context(), h.due(u))
			reached = h.wires.reached()
			h.wires.cut(0, false)
			h.look(u)
			must(t, h.Sweep(t.Context()))
			if got := fmt.Sprint(h.times()); got != "[11-23 03:00]" || !h.wakes(u).Equal(monday.Add(week)) {
				t.Errorf("call %d, done %v: sent at %v, looked at %v", n, done, got, h.wakes(u))
			}
		}
	}
}

// Long after, the index knows which times were made.
func TestSeriesLongAfter(t *testing.T) {
	h := newHouseOn(t, stream.Options{Duplicates: 100 * time.Millisecond})
	u := h.accept(weekly(h, time.Time{})).UMID
	h.set(monday)
	h.look(u)
	h.forget()
	h.pass(time.Hour)
	h.look(u)
	if got := fmt.Sprint(h.times()); got != "[11-23 03:00]" {
		t.Errorf("sent at %v", got)
	}
}

// After a long outage only the latest time is made up for, and not one whose message would have expired.
func TestSeriesAfterAnOutage(t *testing.T) {
	h := newHouse(t)
	u := h.accept(weekly(h, time.Time{})).UMID
	h.set(monday.Add(3*week + 23*time.Hour))
	h.look(u)
	if got := fmt.Sprint(h.times()); got != "[12-14 03:00]" {
		t.Errorf("sent at %v", got)
	}
	h.set(monday.Add(5*week + 25*time.Hour))
	h.look(u)
	if got := fmt.Sprint(h.times()); got != "[12-14 03:00]" || !h.wakes(u).Equal(monday.Add(6*week)) {
		t.Errorf("sent at %v, looked at %v", got, h.wakes(u))
	}
}

func TestSeriesThatIsPaused(t *testing.T) {
	h := newHouse(t)
	u := h.accept(weekly(h, time.Time{})).UMID
	decide := func(state rooms.ControlState) {
		c, err := h.controls.Read(t.Context(), u)
		must(t, err)
		c.UMID, c.Room, c.State = u, "newborn", state
		_, err = h.controls.Put(t.Context(), c)
		must(t, err)
	}
	decide(rooms.ControlPaused)
	h.set(monday)
	h.look(u)
	h.pass(time.Hour)
	decide(rooms.ControlRunning)
	h.pass(time.Hour)
	h.look(u) // the time in the pause is left out
	if len(h.sent()) != 0 || !h.wakes(u).Equal(monday.Add(week)) {
		t.Fatalf("sent at %v, looked at %v", h.times(), h.wakes(u))
	}
	h.set(monday.Add(week))
	h.look(u)
	decide(rooms.ControlCancelled)
	must(t, h.Sweep(t.Context()))
	h.set(monday.Add(2 * week))
	must(t, h.Sweep(t.Context()))
	if got := fmt.Sprint(h.times()); got != "[11-30 03:00]" || len(h.waiting()) != 0 {
		t.Errorf("sent at %v, %d wait", got, len(h.waiting()))
	}
}

// A time in quiet hours goes when they end, once.
func TestSeriesInQuietHours(t *testing.T) {
	h := newHouse(t)
	h.policy.Times = rooms.Times{Zone: "Asia/Bishkek", Quiet: []rooms.QuietHours{{From: 8 * 60, Until: 10 * 60}}}
	u := h.accept(weekly(h, time.Time{})).UMID
	later := monday.Add(time.Hour)
	if !h.wakes(u).Equal(later) {
		t.Errorf("looked at %v", h.wakes(u))
	}
	h.set(monday.Add(time.Minute))
	h.look(u)
	if len(h.sent()) != 0 || !h.wakes(u).Equal(later) {
		t.Fatalf("sent at %v, looked at %v", h.times(), h.wakes(u))
	}
	h.set(later)
	h.look(u)
	h.look(u)
	if got := h.sent(); len(got) != 1 || !got[0].SendAt.Equal(later) || !h.wakes(u).Equal(later.Add(week)) {
		t.Errorf("sent %v, looked at %v", h.times(), h.wakes(u))
	}
}

// purse is a quota of so many messages in all.
type purse struct {
	left  int
	fault error
}

func (p *purse) Take(context.Context, rooms.Header, rooms.PolicyRules) (rooms.Allowance, error) {
	if p.fault != nil {
		return rooms.Allowance{}, p.fault
	}
	if p.left == 0 {
		return rooms.Allowance{}, &rooms.QuotaError{}
	}
	p.left--
	return rooms.Allowance{}, nil
}

func (p *purse) Give(rooms.Header) { p.left++ }

// Each time takes of the publisher's quota; one for which nothing is left is left out, and while that is not known it waits.
func TestSeriesOverItsQuota(t *testing.T) {
	h := newHouse(t)
	u := h.accept(weekly(h, time.Time{})).UMID
	p := &purse{left: 1, fault: rooms.ErrQuotaUnknown}
	h.Quotas = p
	h.set(monday)
	if err := h.Look(t.Context(), h.due(u)); !errors.Is(err, rooms.ErrQuotaUnknown) || len(h.sent()) != 0 {
		t.Fatalf("not known: %v, %d sent", err, len(h.sent()))
	}
	p.fault = nil
	h.wires.cut(1, false)
	if err := h.Look(t.Context(), h.due(u)); !errors.Is(err, errCut) || p.left != 1 {
		t.Fatalf("not made: %v, %d left", err, p.left)
	}
	h.wires.cut(0, false)
	h.look(u)
	h.set(monday.Add(week))
	h.look(u)
	p.left = 1
	h.set(monday.Add(2 * week))
	h.look(u)
	h.look(u)
	if got := fmt.Sprint(h.times()); got != "[11-23 03:00 12-07 03:00]" || p.left != 0 {
		t.Errorf("sent at %v, %d left", got, p.left)
	}
}

// A drill that is repeated is one each time; a series of emergencies awaits a second person once.
func TestSeriesOfEmergencies(t *testing.T) {
	h := newHouse(t)
	r := weekly(h, time.Time{})
	h.policy.Release, r.Lane, r.Exercise = rooms.ReleaseTwoPerson, rooms.Emergency, true
	u := h.accept(r).UMID
	must(t, h.Agree(t.Context(), u, "boss"))
	for i := range 2 {
		h.set(monday.Add(time.Duration(i) * week))
		h.look(u)
	}
	sent := h.sent()
	if len(sent) != 2 || !sent[1].Exercise || sent[1].ReleasedBy != "boss" || sent[1].Lane != rooms.Emergency {
		t.Errorf("sent %+v", sent)
	}
}
