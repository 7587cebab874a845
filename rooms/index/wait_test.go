package index

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/govcrier/crier/rooms"
)

func TestWaitIsOverAtTheEndsOfTheCall(t *testing.T) {
	x, l := open(t, testOptions(t)), newFakeLog()
	await(t, x, l) // an empty log is folded
	l.add([]rooms.Header{header(1)}, []rooms.Event{accepted(header(1))})
	done := make(chan error, 1)
	go func() { done <- x.Wait(context.Background(), l) }()
	if err := x.foldHeaders(context.Background(), 0, l.headers); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("the wait is over before the events are folded: %v", err)
	default:
	}
	if err := x.foldEvents(context.Background(), 0, l.events); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	x := open(t, testOptions(t))
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("the caller has gone")
	cancel(why)
	if err := x.WaitFor(ctx, 1, 0); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

func TestWaitEndsWithTheIndex(t *testing.T) {
	x, err := Open(testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	l := newFakeLog()
	ended := make(chan error, 2)
	go func() { ended <- x.WaitFor(context.Background(), 1, 1) }()
	if err := errors.Join(x.Close(), x.Close()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("the wait ended with %v", err)
	}
	l.add([]rooms.Header{header(1)}, nil)
	if err := x.Run(context.Background(), l); !errors.Is(err, ErrClosed) {
		t.Errorf("the run ended with %v", err)
	}
}

// shrinking is a log whose last entries are deleted after its ends were first asked for.
type shrinking struct {
	Log
	ends []uint64
}

func (s *shrinking) Ends(context.Context) (uint64, uint64, error) {
	end := s.ends[0]
	s.ends = s.ends[min(1, len(s.ends)-1):]
	return end, 0, nil
}

func TestWaitTakesNoteOfDeletedEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &Index{position: newProgress()}
		x.position.set(3, 0)
		if err := x.Wait(context.Background(), &shrinking{ends: []uint64{9, 9, 3}}); err != nil {
			t.Error(err)
		}
	})
}
