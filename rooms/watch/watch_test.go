package watch_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms/watch"
)

// desk keeps what was told, as the log would: the same id once.
type desk struct {
	told []watch.Alert
	ids  map[string]bool
	down bool
}

func (d *desk) Tell(_ context.Context, a watch.Alert) (bool, error) {
	if d.down {
		return false, errors.New("no log")
	}
	if d.ids[a.ID] {
		return true, nil
	}
	d.ids[a.ID] = true
	d.told = append(d.told, a)
	return false, nil
}

// rig is a watch with a clock and a condition of its own.
type rig struct {
	*watch.Watch
	desk  *desk
	now   time.Time
	holds bool
	blind bool
}

func newRig(d *desk, at time.Time) *rig {
	r := &rig{desk: d, now: at}
	r.Watch = &watch.Watch{
		Teller: d, Options: watch.Options{Every: time.Second, After: time.Minute, Again: time.Hour},
		Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
		Looks: []watch.Look{{Kind: "provider", See: func(context.Context) ([]watch.Condition, error) {
			if r.blind {
				return nil, errors.New("dark")
			}
			if !r.holds {
				return nil, nil
			}
			return []watch.Condition{{Key: "provider.n1.sms.first", Title: "first is dead.", Advice: "crier provider show sms/first"}}, nil
		}}},
	}
	return r
}

// pass lets time go by, and looks every ten seconds.
func (r *rig) pass(t *testing.T, d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); {
		r.now = r.now.Add(10 * time.Second)
		r.Step(t.Context())
	}
}

func (r *rig) expect(t *testing.T, when string, titles ...string) {
	t.Helper()
	var got []string
	for _, a := range r.desk.told {
		got = append(got, a.Title)
	}
	if strings.Join(got, "|") != strings.Join(titles, "|") {
		t.Fatalf("%s: told %q, want %q", when, got, titles)
	}
}

var start = time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC)

func newDesk() *desk { return &desk{ids: map[string]bool{}} }

const dead, over = "first is dead.", "Over: first is dead."

func TestOnceWhenItBeginsAndOnceWhenItEnds(t *testing.T) {
	r := newRig(newDesk(), start)
	r.holds = true
	r.pass(t, 50*time.Second)
	r.expect(t, "before a minute has passed")
	r.pass(t, 3*time.Hour)
	r.expect(t, "as long as it lasts", dead)
	if text := r.desk.told[0].Text; text != "first is dead.\nSince 2026-11-23 08:05 UTC.\n\ncrier provider show sms/first" {
		t.Errorf("%q", text)
	}
	r.holds = false
	r.pass(t, 50*time.Second)
	r.expect(t, "just gone", dead)
	r.pass(t, time.Hour)
	r.expect(t, "gone", dead, over)
	r.holds = true
	r.pass(t, 2*time.Minute)
	r.expect(t, "begun anew", dead, over, dead)
}

func TestWhatComesAndGoes(t *testing.T) {
	r := newRig(newDesk(), start)
	for range 20 {
		r.holds = !r.holds
		r.pass(t, 30*time.Second)
	}
	r.expect(t, "never for a minute")
	r.holds = true
	r.pass(t, 2*time.Minute)
	for range 10 {
		r.holds = !r.holds
		r.pass(t, 30*time.Second)
	}
	r.expect(t, "never gone for a minute", dead)
	r.holds = false
	r.pass(t, 2*time.Minute)
	r.holds = true
	r.pass(t, 5*time.Minute)
	r.expect(t, "again within the stretch", dead, over)
	r.pass(t, time.Hour)
	r.expect(t, "and it lasts", dead, over, dead)
}

// Who takes over, or is started anew, knows nothing: the log does.
func TestAnotherProcessSaysItOnce(t *testing.T) {
	d := newDesk()
	first := newRig(d, start)
	first.holds = true
	first.pass(t, 2*time.Minute)
	second := newRig(d, first.now)
	second.holds = true
	second.pass(t, 10*time.Minute)
	second.expect(t, "within the stretch", dead)
	second.pass(t, 2*time.Hour)
	second.expect(t, "it lasts", dead, dead)
	second.holds = false
	second.pass(t, 2*time.Minute)
	second.expect(t, "it ends", dead, dead, over)
}

// What another process has said, and ends before this one would say it itself, is said to be over, once.
func TestAnotherProcessSaysThatItIsOver(t *testing.T) {
	d := newDesk()
	first := newRig(d, start)
	first.holds = true
	first.pass(t, 2*time.Minute)
	second := newRig(d, first.now)
	second.holds = true
	second.pass(t, 5*time.Minute)
	second.holds = false
	second.pass(t, 50*time.Second)
	second.expect(t, "just gone", dead)
	second.pass(t, 20*time.Minute)
	second.expect(t, "gone within the stretch", dead, over)
	first.holds = false
	first.pass(t, 2*time.Minute)
	first.expect(t, "seen by both", dead, over)
	second.holds = true
	second.pass(t, 5*time.Minute)
	second.holds = false
	second.pass(t, 2*time.Hour)
	second.expect(t, "again within the stretch", dead, over)
}

func TestWhatCannotBeToldIsToldLater(t *testing.T) {
	r := newRig(newDesk(), start)
	r.desk.down, r.holds = true, true
	r.pass(t, 5*time.Minute)
	r.desk.down = false
	r.pass(t, 10*time.Second)
	r.expect(t, "the log is back", dead)
	r.desk.down, r.holds = true, false
	r.pass(t, 5*time.Minute)
	r.desk.down = false
	r.pass(t, 10*time.Second)
	r.expect(t, "the log is back again", dead, over)
}

// Why something cannot be told is logged once, not at each look.
func TestWhatCannotBeToldIsLoggedOnce(t *testing.T) {
	r := newRig(newDesk(), start)
	var log strings.Builder
	r.Log = slog.New(slog.NewTextHandler(&log, nil))
	r.desk.down, r.holds = true, true
	r.pass(t, 5*time.Minute)
	r.desk.down = false
	r.pass(t, 10*time.Second)
	if n := strings.Count(log.String(), "cannot be told"); n != 1 || !strings.Contains(log.String(), "the operators were told") {
		t.Errorf("%d times:\n%s", n, log.String())
	}
}

func TestWhatCannotBeSeenDoesNotEnd(t *testing.T) {
	r := newRig(newDesk(), start)
	r.holds = true
	r.pass(t, 2*time.Minute)
	r.blind = true
	r.pass(t, 5*time.Minute)
	r.expect(t, "dark", dead)
}

func TestFaultsOfOptions(t *testing.T) {
	for want, o := range map[string]watch.Options{
		"": {}, "after: not negative": {After: -1}, "every: at least 1s": {Every: 1}, "again: at least 1m": {Again: 20 * time.Second},
		"every: at least 1s\nagain: at least 1m": {Every: 1, Again: 1},
	} {
		if err := errors.Join(o.Check()...); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
