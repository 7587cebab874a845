package index

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// whole is a header in which nothing is left out.
func whole(t *testing.T) rooms.Header {
	t.Helper()
	h := header(1)
	h.Direct, h.Callback, h.Held, h.Awaits, h.Exercise, h.Targeted, h.Event = true, true, true, true, true, true, true
	h.SendAt, h.Series, h.Alert, h.References, h.ReleasedBy = after(5), umid(1), rooms.AlertUpdate, umid(0), "second"
	h.Recipients, h.CallbackAt = 2, "c2VhbGVk"
	v := reflect.ValueOf(h)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is left out", v.Type().Field(i).Name)
		}
	}
	return h
}

func TestEveryFieldOfAHeaderIsFoldedAndStored(t *testing.T) {
	h := whole(t)
	var m message
	m.name(h.UMID)
	m.accept(h)
	m.released, m.next, m.after = 7, after(9), umid(3)
	m.decide(rooms.Control{State: rooms.ControlPaused, By: "boss", At: after(8), Reason: rooms.Superseded, Entry: 3})
	var back message
	if err := back.unpack(m.pack()); err != nil {
		t.Fatal(err)
	}
	back.name(h.UMID)
	if back != m {
		t.Errorf("stored %+v, read %+v", m, back)
	}
	if m.header != h {
		t.Errorf("folded %+v into %+v", h, m.header)
	}
}

// scheduled tells of message 1 that it waits.
func scheduled(h rooms.Header, next time.Time) rooms.Event {
	e := event(1, rooms.EventScheduled, 1)
	e.Message, e.RetryAt = &h, next
	return e
}

func TestMessageThatWaits(t *testing.T) {
	h := toRoom()
	h.Held, h.Awaits, h.SendAt = true, true, after(1000)
	x := told(t, scheduled(h, time.Time{}))
	s := summary(t, x)
	if !s.Held || !s.Awaits || !s.SendAt.Equal(after(1000)) || !s.ReleasedAt.IsZero() || !s.FinishedAt.IsZero() {
		t.Errorf("got %+v", s)
	}
	if list, _, err := x.Held(h.Room, "", 10); err != nil || len(list) != 1 {
		t.Errorf("lists %v, %v", list, err)
	}
	if k, ok, _ := x.Lookup(h.TxID); !ok || k.UMID != h.UMID {
		t.Error("its transaction is not known")
	}
}

// Released: the entry at which it can be read comes after the one that waited, or before it is heard of.
func TestMessageThatHasWaited(t *testing.T) {
	waits, goes := toRoom(), toRoom()
	waits.Held, waits.Sequence, goes.Sequence = true, 5, 9
	for name, events := range map[string][]rooms.Event{
		"in order":   {scheduled(waits, time.Time{}), accepted(goes), event(1, rooms.EventReleased, 40)},
		"backwards":  {event(1, rooms.EventReleased, 40), accepted(goes), scheduled(waits, time.Time{})},
		"no release": {accepted(goes), scheduled(waits, time.Time{})},
	} {
		x := told(t, events...)
		s := summary(t, x)
		if s.Held || s.Sequence != 9 || (name != "no release") != s.ReleasedAt.Equal(after(40)) {
			t.Errorf("%s: %+v", name, s)
		}
		if list, _, _ := x.Held(waits.Room, "", 10); len(list) != 0 {
			t.Errorf("%s: listed as one that waits", name)
		}
	}
}

func TestMessageThatNeverWent(t *testing.T) {
	h := header(1)
	h.Held, h.Recipients = true, 3
	cancelled := event(1, rooms.EventCancelled, 20)
	cancelled.Control = rooms.Control{State: rooms.ControlCancelled, At: after(20), Reason: rooms.Expired, Entry: 4}
	paused := event(1, rooms.EventPaused, 10)
	paused.Control = rooms.Control{State: rooms.ControlPaused, At: after(10), Entry: 3}
	x := told(t, cancelled, scheduled(h, time.Time{}), paused)
	s := summary(t, x)
	if s.Held || s.Counts != (Counts{Failed: 3}) || !s.FinishedAt.Equal(after(20)) || s.Control.Reason != rooms.Expired {
		t.Errorf("got %+v", s)
	}
}

func TestSeriesTellsItsNextTime(t *testing.T) {
	h := toRoom()
	h.Held, h.Series = true, umid(1)
	x := told(t, scheduled(h, after(90)), scheduled(h, after(60)))
	if s := summary(t, x); !s.NextAt.Equal(after(90)) || !s.IsSeries() {
		t.Errorf("got %+v", s)
	}
	over := told(t, scheduled(h, after(90)), event(1, rooms.EventReleased, 95))
	if s := summary(t, over); !s.FinishedAt.Equal(after(95)) {
		t.Errorf("a series that is over: %+v", s)
	}
}

func TestSupersededMessageNamesTheNext(t *testing.T) {
	next := header(2)
	next.Alert, next.References = rooms.AlertUpdate, umid(1)
	told2 := event(2, rooms.EventAccepted, 30)
	told2.Message = &next
	waits := next
	waits.Held = true
	early := event(2, rooms.EventScheduled, 30)
	early.Message = &waits
	if s := summary(t, told(t, accepted(toRoom()), early)); s.SupersededBy != "" {
		t.Errorf("superseded by what waits: %+v", s)
	}
	for _, events := range [][]rooms.Event{{accepted(toRoom()), told2}, {told2, accepted(toRoom())}} {
		if s := summary(t, told(t, events...)); s.SupersededBy != umid(2) {
			t.Errorf("got %q", s.SupersededBy)
		}
	}
}

// What waits is never forgotten, however old it grows; what went on grows old from then on.
func TestMessagesThatWaitAreRemembered(t *testing.T) {
	o, l := testOptions(t), newFakeLog()
	var mu sync.Mutex
	now := umid(1).Time()
	o.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	x := open(t, o)
	run(t, x, l)
	// Each step goes on by a while and has the index look for what is old.
	at := 0
	pass := func(d time.Duration) {
		mu.Lock()
		now = now.Add(d)
		mu.Unlock()
		for range 3 {
			at++
			h := header(1000 + at)
			l.add([]rooms.Header{h}, nil)
			await(t, x, l)
			mu.Lock()
			now = now.Add(2 * trimEvery)
			mu.Unlock()
		}
	}
	h := toRoom()
	h.Held = true
	l.add([]rooms.Header{h}, nil)
	await(t, x, l)
	for range 4 {
		pass(20 * 24 * time.Hour)
	}
	if _, err := x.Message(umid(1)); err != nil {
		t.Fatalf("what waits is forgotten: %v", err)
	}
	released := event(1, rooms.EventReleased, int((80*24*time.Hour + time.Hour).Milliseconds()))
	l.add(nil, []rooms.Event{released})
	await(t, x, l)
	pass(20 * 24 * time.Hour)
	if s, err := x.Message(umid(1)); err != nil || s.Held {
		t.Fatalf("what went on 20 days ago: %+v, %v", s, err)
	}
	pass(20 * 24 * time.Hour)
	if _, err := x.Message(umid(1)); !errors.Is(err, ErrUnknown) {
		t.Errorf("what went on 40 days ago: %v", err)
	}
	if _, known, _ := x.Lookup(h.TxID); known {
		t.Error("its transaction is still known")
	}
}
