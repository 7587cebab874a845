package stream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// In order, the next message is the first one until it is acknowledged, by where it stands in the log.
func TestConsumerInOrder(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 3)
	wanted := consumer("ordered")
	wanted.InOrder, wanted.Keep = true, time.Minute
	create(t, l, wanted, 0)
	if got := standing(t, l, wanted.ID); !got.InOrder || got.Keep != time.Minute || !got.Same(wanted) {
		t.Fatalf("%+v", got)
	}
	first := pulled(t, l, wanted.ID, 3, 0)
	if sequences(first) != "[1]" {
		t.Fatalf("handed out %s", sequences(first))
	}
	if got := pulled(t, l, wanted.ID, 3, 50*time.Millisecond); len(got) > 0 {
		t.Errorf("and then %s", sequences(got))
	}
	for range 2 {
		settle(t, l, wanted.ID, stream.Refused, first...)
		if first = pulled(t, l, wanted.ID, 3, 0); sequences(first) != "[1]" {
			t.Fatalf("given back, and then %s", sequences(first))
		}
	}
	handle := stream.Handle{Deliveries: 1, Sequence: 1, Number: 1}
	for range 2 { // again changes nothing
		if err := l.Settle(t.Context(), wanted.ID, []stream.Settlement{{Handle: handle, Verdict: stream.Acked}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := pulled(t, l, wanted.ID, 3, 0); sequences(got) != "[2]" {
		t.Errorf("after the first %s", sequences(got))
	}
}

func TestConsumerIsPaced(t *testing.T) {
	l := start(t)
	appended(t, l, 1, 3)
	wanted := consumer("paced")
	create(t, l, wanted, 0)
	if got := pulled(t, l, wanted.ID, 1, 0); sequences(got) != "[1]" {
		t.Fatal(sequences(got))
	}
	for _, tc := range []struct {
		inOrder bool
		keep    time.Duration
	}{{true, time.Hour}, {true, 0}, {false, 0}} {
		if err := l.PaceConsumer(t.Context(), wanted.ID, tc.inOrder, tc.keep); err != nil {
			t.Fatal(err)
		}
		if got := standing(t, l, wanted.ID); got.InOrder != tc.inOrder || got.Keep != tc.keep || got.Delivered != 1 || got.Client != wanted.Client {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
	if got := pulled(t, l, wanted.ID, 3, 0); sequences(got) != "[2 3]" {
		t.Errorf("its position is lost: %s", sequences(got))
	}
	if err := l.PaceConsumer(t.Context(), rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("x"), Name: "none"}, true, 0); !errors.Is(err, stream.ErrGone) {
		t.Errorf("one that is not there: %v", err)
	}
}
