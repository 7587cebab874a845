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

func (f finished) ErasableAfter(after rooms.UMID, before, _ time.Time, limit int) ([]rooms.Header, error) {
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
	e := retention.Eraser{Log: log, Finder: all, Rooms: histories{"historic": true}, Readers: log, Logger: slog.New(slog.DiscardHandler)}
	for range 2 { // the second pass is dull
		if err := e.Pass(t.Context(), start.Add(90*time.Second), start); err != nil {
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

// counted are the consumers of a log, and how often each room was asked about.
type counted struct {
	*stream.Log
	asked map[rooms.Room]int
	err   error
}

func (c counted) Readings(ctx context.Context, room rooms.Room) ([]rooms.Consumer, error) {
	c.asked[room]++
	if c.err != nil {
		return nil, c.err
	}
	return c.Log.Readings(ctx, room)
}

// A body stays until every consumer that it is for has acknowledged it, and no other consumer keeps it.
func TestBodiesWaitForConsumers(t *testing.T) {
	s := brokertest.Start(t)
	log, err := stream.Open(t.Context(), s, s.Manifest(), stream.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	start := time.Now().UTC().Add(-time.Hour)
	var all finished
	add := func(room rooms.Room, kind rooms.Type, direct bool) {
		h := rooms.Header{UMID: rooms.UMID(fmt.Sprintf("01JDB6T0G0%016d", len(all))), Room: room, Type: kind, Lane: rooms.Normal, TxID: fmt.Sprint(len(all)),
			Direct: direct, Policy: rooms.Revision{Name: "standard", Revision: 1}, ReceivedAt: start, ExpiresAt: start}
		if h.Sequence, _, err = log.Append(t.Context(), rooms.Message{Header: h, Payload: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	add("newborn", "alert", false) // 0: everybody's
	add("newborn", "news", false)  // 1: of no interest to whom only alerts are for
	add("newborn", "alert", true)  // 2: to named recipients
	add("taxes", "alert", false)   // 3: nobody reads there
	add("newborn", "alert", false) // 4
	ids := map[rooms.ConsumerName]rooms.ConsumerID{}
	for name, kind := range map[rooms.ConsumerName]rooms.Type{"every": "", "alerts": "alert"} {
		ids[name] = rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: name}
		if err := log.CreateConsumer(t.Context(), rooms.ConsumerConfig{ID: ids[name], Client: "clinic-4", Type: kind, AckWait: time.Minute}, 0); err != nil {
			t.Fatal(err)
		}
	}
	readers := counted{log, map[rooms.Room]int{}, nil}
	e := retention.Eraser{Log: log, Finder: all, Rooms: histories{}, Readers: readers, Logger: slog.New(slog.DiscardHandler)}
	pass := func(kept string) {
		t.Helper()
		clear(readers.asked)
		if err := e.Pass(t.Context(), start.Add(time.Second), start); err != nil {
			t.Fatal(err)
		}
		there := ""
		for n, h := range all {
			if _, err := log.Message(t.Context(), h.Sequence); err == nil {
				there += fmt.Sprint(n)
			} else if !errors.Is(err, stream.ErrGone) {
				t.Fatal(err)
			}
		}
		if there != kept || readers.asked["newborn"] != 1 || readers.asked["taxes"] != 1 {
			t.Errorf("kept %s, want %s; asked %v", there, kept, readers.asked)
		}
	}
	ack := func(name rooms.ConsumerName, max int) {
		t.Helper()
		got, err := log.Pull(t.Context(), ids[name], max, 1<<20, 0)
		if err != nil || len(got) != max {
			t.Fatalf("%d handed out, %v", len(got), err)
		}
		for _, h := range got {
			if err := log.Settle(t.Context(), ids[name], []stream.Settlement{{Handle: h.Handle}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	unasked := e
	unasked.Readers = counted{log, map[rooms.Room]int{}, stream.ErrUnavailable}
	if err := unasked.Pass(t.Context(), start.Add(time.Second), start); !errors.Is(err, stream.ErrUnavailable) {
		t.Errorf("without knowing of the consumers: %v", err)
	}
	pass("014")
	ack("every", 2)
	pass("04") // 0 is still for alerts
	ack("alerts", 1)
	pass("4")
	ack("every", 1)
	if err := log.DeleteConsumer(t.Context(), ids["alerts"]); err != nil {
		t.Fatal(err)
	}
	pass("")
}
