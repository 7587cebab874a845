package retention_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/retention"
	"github.com/govcrier/crier/rooms/stream"
)

// finished lists what a test says is done with.
type finished []rooms.Header

func (f finished) ErasableAfter(after rooms.UMID, before time.Time, limit int) ([]rooms.Header, error) {
	var out []rooms.Header
	for _, h := range f {
		if h.UMID > after && h.ReceivedAt.Before(before) && len(out) < limit {
			out = append(out, h)
		}
	}
	return out, nil
}

// histories are rooms that keep their messages.
type histories map[rooms.Room]bool

func (h histories) Get(_ context.Context, r rooms.Room) (rooms.RoomConfig, error) {
	return rooms.RoomConfig{Name: r, History: h[r]}, nil
}

func TestFinishedBodiesAreErased(t *testing.T) {
	s := brokertest.Start(t)
	log, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	start := time.Now().UTC()
	var all finished
	for n, room := range []rooms.Room{"forgetful", "historic", "forgetful"} {
		h := rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", n)), Room: room, Type: "t", Lane: rooms.Normal, TxID: fmt.Sprint(n),
			Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: start.Add(time.Duration(n) * time.Minute), ExpiresAt: start}
		if h.Sequence, _, err = log.Append(t.Context(), rooms.Message{Header: h, Payload: []byte("body")}); err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	e := retention.Eraser{Log: log, Finder: all, Rooms: histories{"historic": true}, Logger: slog.New(slog.DiscardHandler)}
	for range 2 { // the second pass is dull
		if err := e.Pass(t.Context(), start.Add(90*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for n, want := range []error{stream.ErrGone, nil, nil} {
		if _, err := log.Message(t.Context(), all[n].Sequence); !errors.Is(err, want) {
			t.Errorf("message %d: %v, want %v", n, err, want)
		}
	}
	if _, events, err := log.Ends(t.Context()); err != nil || events != 1 {
		t.Errorf("%d events, %v; want the one that says what was erased", events, err)
	}
}
