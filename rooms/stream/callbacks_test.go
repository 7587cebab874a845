package stream_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// What is told of a message is replaced by what is told later, also while it is put off.
func TestCallbacksAreReplaced(t *testing.T) {
	l := start(t)
	q, err := l.Callbacks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(fn func(stream.Callback)) (got string) {
		t.Helper()
		err := q.Fetch(t.Context(), time.Second, func(c stream.Callback) {
			got = fmt.Sprintf("%s %d, attempt %d, %s", c.UMID[24:], c.Event, c.Attempt, c.To)
			fn(c)
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	done := func(c stream.Callback) {
		if err := c.Done(t.Context()); err != nil {
			t.Error(err)
		}
	}
	later := func(c stream.Callback) {
		if err := c.Later(time.Millisecond); err != nil {
			t.Error(err)
		}
	}
	add := func(calls ...rooms.Callback) {
		t.Helper()
		if err := l.AddCallbacks(t.Context(), calls); err != nil {
			t.Fatal(err)
		}
	}
	const a, b = "01JDB6T0G000000000000000AA", "01JDB6T0G000000000000000BB"
	add(rooms.Callback{UMID: a, Room: "newborn", Publisher: "x", Event: 1}, rooms.Callback{UMID: b, Room: "newborn", Publisher: "x", Event: 2, To: []byte("to")})
	add(rooms.Callback{UMID: a, Room: "newborn", Publisher: "x", Event: 3})
	for _, step := range []struct {
		want string
		then func(stream.Callback)
	}{
		{"BB 2, attempt 1, to", done},
		{"AA 3, attempt 1, ", later},
		{"AA 3, attempt 2, ", func(c stream.Callback) {
			add(rooms.Callback{UMID: a, Room: "newborn", Publisher: "x", Event: 9})
			later(c) // in vain
		}},
		{"AA 9, attempt 1, ", done},
		{"", nil},
	} {
		if got := fetch(step.then); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	var many []rooms.Callback
	for n := range 1200 {
		many = append(many, rooms.Callback{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: "newborn", Publisher: "x", Event: uint64(n)})
	}
	add(many...)
	for n := range 3 {
		if got, want := fetch(done), fmt.Sprintf("%02d %d, attempt 1, ", n, n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCallbackCursor(t *testing.T) {
	l := start(t)
	if _, known, err := l.CallbackCursor(t.Context()); known || err != nil {
		t.Errorf("%v, %v", known, err)
	}
	for _, want := range []uint64{7, 8} {
		if err := l.MoveCallbackCursor(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if at, known, err := l.CallbackCursor(t.Context()); at != want || !known || err != nil {
			t.Errorf("%d, %v, %v", at, known, err)
		}
	}
	if all, err := l.Clients(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("the cursor is no client: %v, %v", all, err)
	}
}

func TestClients(t *testing.T) {
	l := start(t)
	const name = `a client.of>any*name\"` // as identity providers like them
	e := stream.ClientEntry{Client: name, Callback: []byte("sealed"), Since: time.Unix(1, 0).UTC()}
	if _, err := l.Client(t.Context(), name); !errors.Is(err, stream.ErrGone) {
		t.Errorf("%v", err)
	}
	for range 2 { // once more after it was removed
		if err := l.PutClient(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := l.PutClient(t.Context(), e); !errors.Is(err, stream.ErrRevision) {
			t.Errorf("made twice: %v", err)
		}
		got, err := l.Client(t.Context(), name)
		if err != nil || got.Client != name || string(got.Callback) != "sealed" || !got.Since.Equal(e.Since) {
			t.Errorf("%+v, %v", got, err)
		}
		if err := l.PutClient(t.Context(), got); err != nil {
			t.Errorf("changed: %v", err)
		}
		if err := l.PutClient(t.Context(), got); !errors.Is(err, stream.ErrRevision) {
			t.Errorf("changed under an old revision: %v", err)
		}
		if all, err := l.Clients(t.Context()); len(all) != 1 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
		if err := l.RemoveClient(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		if all, err := l.Clients(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	}
}
