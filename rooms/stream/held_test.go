package stream_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// held n is a message in which everything is said that one that waits may say.
func held(n int) rooms.Message {
	m := message(n)
	m.Direct, m.Recipients, m.Callback = true, 2, true
	m.CallbackAt = "c2VhbGVk"
	m.Held, m.Awaits, m.ReleasedBy, m.Exercise = true, true, "boss", true
	m.SendAt, m.Series = m.ReceivedAt.Add(time.Hour), umid(n)
	m.Alert, m.References = rooms.AlertCancel, umid(n+1)
	return m
}

func TestHeldMessageIsReadAsAppended(t *testing.T) {
	l := start(t)
	for _, m := range []rooms.Message{held(1), func() rooms.Message {
		m := held(2)
		m.Held, m.Awaits, m.ID = false, false, "release.2" // as it goes on
		return m
	}()} {
		sequence, known, err := l.Append(t.Context(), m)
		if err != nil || known {
			t.Fatal(known, err)
		}
		got, err := l.Message(t.Context(), sequence)
		m.Sequence, m.ID = sequence, ""
		if err != nil || !reflect.DeepEqual(got.Header, m.Header) {
			t.Errorf("appended %+v, read %+v, %v", m.Header, got.Header, err)
		}
	}
}

// What waits outlives the log's age, and neither a planner nor who listens to the room hears of it.
func TestHeldMessageOutlivesTheLog(t *testing.T) {
	s := brokertest.Start(t)
	l, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{MessageAge: time.Second, Duplicates: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	nc, err := s.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	live, err := nc.SubscribeSync(rooms.LiveFilter)
	if err != nil {
		t.Fatal(err)
	}
	waits, _, err := l.Append(t.Context(), held(1))
	if err != nil {
		t.Fatal(err)
	}
	goes, _, err := l.Append(t.Context(), message(2))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := live.NextMsg(10 * time.Second); err != nil || m.Header.Get("Crier-UMID") != string(umid(2)) {
		t.Errorf("told of %v, %v", m, err)
	}
	intake, err := l.Intake(t.Context(), rooms.Normal)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := intake.Fetch(t.Context(), 10, time.Second); err != nil || len(got) != 1 || got[0].UMID != umid(2) {
		t.Errorf("to be planned: %v, %v", got, err)
	}
	for end := time.Now().Add(time.Minute); ; {
		if _, err := l.Message(t.Context(), goes); errors.Is(err, stream.ErrGone) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("after 20s the log keeps what is a second old")
		}
	}
	if m, err := l.Message(t.Context(), waits); err != nil || m.UMID != umid(1) {
		t.Errorf("what waits: %v, %v", m, err)
	}
	if n, err := l.CountHeld(t.Context()); err != nil || n != 1 {
		t.Errorf("%d wait, %v", n, err)
	}
}

func TestMessagesThatWaitAreFound(t *testing.T) {
	l := start(t)
	for n := range 5 {
		m := held(n)
		if n == 2 {
			m.Held = false
		}
		if _, _, err := l.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	var found []rooms.UMID
	for from := uint64(1); from > 0; {
		next, err := l.ScanHeld(t.Context(), from, 3, func(m rooms.Message) error { found = append(found, m.UMID); return nil })
		if err != nil {
			t.Fatal(err)
		}
		from = next
	}
	if want := []rooms.UMID{umid(0), umid(1), umid(3), umid(4)}; !reflect.DeepEqual(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
	if err := l.WakeAt(t.Context(), rooms.Wake{UMID: umid(1), Sequence: 2}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	missing, err := l.Unscheduled(t.Context(), found)
	if want := []rooms.UMID{umid(0), umid(3), umid(4)}; err != nil || !reflect.DeepEqual(missing, want) {
		t.Errorf("nobody looks at %v, want %v, %v", missing, want, err)
	}
}

// A message falls due once, at the time that was said last.
func TestMessageFallsDue(t *testing.T) {
	l := start(t)
	want := rooms.Wake{UMID: umid(1), Room: "newborn", Sequence: 7}
	began := time.Now()
	for _, at := range []time.Time{began.Add(time.Hour), began.Add(time.Second)} {
		if err := l.WakeAt(t.Context(), want, at); err != nil {
			t.Fatal(err)
		}
	}
	wakes, err := l.Wakes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var came []rooms.Wake
	for len(came) == 0 && ctx.Err() == nil {
		err = wakes.Fetch(ctx, 10, time.Second, func(w stream.Wake) {
			came = append(came, w.Wake)
			if err := w.Done(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil || len(came) != 1 || came[0] != want || time.Since(began) < time.Second {
		t.Errorf("came %v after %v, %v", came, time.Since(began), err)
	}
	if n, err := l.Parked(t.Context()); err != nil || n != 0 {
		t.Errorf("%d still wait, %v", n, err)
	}
}
