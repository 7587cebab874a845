package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// inRoom is a message of a room.
func inRoom(n int, room rooms.Room, lane rooms.Lane, kind rooms.Type) rooms.Message {
	m := someMessage(n)
	m.Room, m.Lane, m.Type = room, lane, kind
	m.Payload = fmt.Appendf(nil, "{\"text\":\n\"%d\"}", n)
	return m
}

// fill appends messages 0 to n-1 and gives where each stands: every third is of another room, every
// fifth is to named recipients, every other of a lane and type of its own.
func fill(t *testing.T, l *Log, n int) (all []rooms.Message) {
	t.Helper()
	for i := range n {
		m := inRoom(i, "newborn", rooms.Normal, "letter")
		if i%2 == 0 {
			m.Lane, m.Type = rooms.Bulk, "alert"
		}
		if i%3 == 0 {
			m.Room = "taxes"
		}
		m.Direct = i%5 == 0
		var err error
		if m.Sequence, _, err = l.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// wanted are those of a selection behind a sequence.
func wanted(all []rooms.Message, s rooms.Selection, after uint64) (found []rooms.Message) {
	for _, m := range all {
		if s.Has(m.Header) && m.Sequence > after {
			found = append(found, m)
		}
	}
	return found
}

// pages reads until a page is empty.
func pages(t *testing.T, l *Log, s rooms.Selection, after uint64) (all []rooms.Message) {
	t.Helper()
	for {
		page, err := l.RoomPage(t.Context(), s, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all, after = append(all, page...), page[len(page)-1].Sequence
	}
}

func same(t *testing.T, what string, got, want []rooms.Message) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d messages, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i].Sequence != want[i].Sequence || string(got[i].Payload) != string(want[i].Payload) || got[i].UMID != want[i].UMID {
			t.Fatalf("%s: %d is %+v, want %+v", what, i, got[i].Header, want[i].Header)
		}
	}
}

func TestRoomIsReadByPages(t *testing.T) {
	l, _ := openWith(t, Options{})
	all := fill(t, l, 450)
	for _, s := range []rooms.Selection{{Room: "newborn"}, {Room: "newborn", Lane: rooms.Bulk}, {Room: "newborn", Type: "letter"}, {Room: "taxes"}, {Room: "none"}} {
		for _, after := range []uint64{0, 7, 300, 449, 450, 10_000} {
			same(t, fmt.Sprintf("%+v after %d", s, after), pages(t, l, s, after), wanted(all, s, after))
		}
	}
}

func TestLargeMessagesMakeSmallPages(t *testing.T) {
	l, _ := openWith(t, Options{})
	for i := range 5 {
		m := inRoom(i, "newborn", rooms.Normal, "letter")
		m.Payload = make([]byte, roomPageBytes/2+1)
		if _, _, err := l.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	page, err := l.RoomPage(t.Context(), rooms.Selection{Room: "newborn"}, 0)
	if err != nil || len(page) != 2 {
		t.Errorf("%d messages of half a page each, %v", len(page), err)
	}
	if all := pages(t, l, rooms.Selection{Room: "newborn"}, 0); len(all) != 5 {
		t.Errorf("%d messages in all, want 5", len(all))
	}
}

func TestBoundsOfTheLog(t *testing.T) {
	l, _ := openWith(t, Options{})
	check := func(what string, first, last uint64) {
		t.Helper()
		if f, e, err := l.Bounds(t.Context()); err != nil || e != last || f != first && last > 0 {
			t.Errorf("%s: from %d to %d, %v, want %d to %d", what, f, e, err, first, last)
		}
	}
	check("empty", 0, 0)
	fill(t, l, 4)
	check("four", 1, 4)
	for _, seq := range []uint64{1, 2, 4} {
		if err := l.Erase(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	check("all but the third erased", 3, 4)
	if err := l.Erase(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	check("all erased", 5, 4)
}

// sinceAnyTime asks for the position of each message's time, of one before all and of one after.
func sinceAnyTime(t *testing.T, write, read *Log) {
	t.Helper()
	began := time.Now()
	var times []time.Time
	for i := range 6 {
		m := inRoom(i, "newborn", rooms.Normal, "letter")
		if i%2 == 1 {
			m.Room = "taxes"
		}
		times = append(times, time.Now())
		if _, _, err := write.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for i, at := range append(times, began.Add(-time.Hour)) {
		want := uint64(i + i%2)
		if i == 6 {
			want = 0
		}
		after, err := read.RoomSince(t.Context(), "newborn", at)
		if i == 5 {
			if !errors.Is(err, ErrGone) {
				t.Errorf("since the last message of another room: %d, %v", after, err)
			}
		} else if err != nil || after != want {
			t.Errorf("since message %d: %d, %v, want %d", i, after, err, want)
		}
	}
	if after, err := read.RoomSince(t.Context(), "newborn", time.Now().Add(time.Hour)); !errors.Is(err, ErrGone) {
		t.Errorf("since a time to come: %d, %v", after, err)
	}
}

func TestRoomSince(t *testing.T) {
	l, _ := openWith(t, Options{})
	sinceAnyTime(t, l, l)
}

// collect reads a room's tail until so many messages have come.
func (l *Log) collect(ctx context.Context, room rooms.Room, after uint64, count int) (all []rooms.Message, err error) {
	if count == 0 {
		return nil, nil
	}
	err = l.TailRoom(ctx, room, after, func(messages []rooms.Message) error {
		if all = append(all, messages...); len(all) >= count {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return all, err
}

func TestRoomIsFollowed(t *testing.T) {
	l, _ := openWith(t, Options{})
	old := fill(t, l, 50)
	fresh := make(chan []rooms.Message, 1)
	go func() {
		var all []rooms.Message
		for i := range 200 {
			m := inRoom(1000+i, "newborn", rooms.Normal, "letter")
			m.Sequence, _, _ = l.Append(context.Background(), m)
			all = append(all, m)
		}
		fresh <- all
	}()
	s := rooms.Selection{Room: "newborn"}
	got, err := l.collect(t.Context(), "newborn", 10, len(wanted(old, s, 10))+200)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "followed", got, append(wanted(old, s, 10), <-fresh...))
}

// A page and a tail of a room do not end where a replica does that lags, and skip nothing.
func TestRoomOfAReplicaThatLags(t *testing.T) {
	l, g := behindLaggard(t)
	all := fill(t, l, 40)
	s := rooms.Selection{Room: "newborn"}
	for upTo := range uint64(41) {
		g.lag(t, streamRooms, upTo, 0, 2)
		same(t, fmt.Sprintf("page at %d", upTo), pages(t, l, s, 3), wanted(all, s, 3))
		g.lag(t, streamRooms, upTo, 0, 2)
		got, err := l.collect(t.Context(), "newborn", 3, len(wanted(all, s, 3)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("tail at %d", upTo), got, wanted(all, s, 3))
	}
	g.lag(t, streamRooms, 0, 0, 1000)
	if first, last, err := l.Bounds(t.Context()); err != nil || first != 1 || last != 40 {
		t.Errorf("bounds %d to %d, %v", first, last, err)
	}
	if after, err := l.RoomSince(t.Context(), "newborn", time.Now().Add(-time.Hour)); err != nil || after != all[1].Sequence-1 {
		t.Errorf("since an hour ago: %d, %v", after, err)
	}
}

// On three nodes a room is followed and read from each, while the node that leads the log is stopped.
func TestRoomOnThreeNodes(t *testing.T) {
	t.Parallel() // most of it is waiting
	n := startNodes(t)
	sinceAnyTime(t, n.logs[0], n.logs[1])
	n.makeLeader(t, streamRooms, 2)
	type followed struct {
		got []rooms.Message
		err error
	}
	const count = 300
	results := make(chan followed, 2)
	for _, l := range n.logs[:2] {
		go func() {
			got, err := l.collect(t.Context(), "newborn", 6, count)
			results <- followed{got, err}
		}()
	}
	var all []rooms.Message
	for i := range count {
		if i == count/2 {
			go n.Servers[2].Stop()
		}
		m := inRoom(100+i, "newborn", rooms.Normal, "letter")
		until(t, func() (err error) {
			m.Sequence, _, err = n.logs[i%2].Append(t.Context(), m)
			return err
		})
		all = append(all, m)
	}
	for range 2 {
		r := <-results
		if r.err != nil {
			t.Fatal(r.err)
		}
		same(t, "followed", r.got, all)
	}
	for i, l := range n.logs[:2] {
		same(t, fmt.Sprintf("pages of node %d", i), pages(t, l, rooms.Selection{Room: "newborn"}, 6), all)
	}
}
