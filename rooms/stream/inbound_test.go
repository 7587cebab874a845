package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func someReply(id string, room rooms.Room) rooms.Reply {
	at := time.UnixMilli(1_764_000_000_123).UTC()
	return rooms.Reply{ID: id, Kind: rooms.InboundReply, Room: room, Channel: rooms.SMS, Provider: "a", At: at, HeardAt: at.Add(time.Second),
		UMID: someMessage(1).UMID, N: 3, Publisher: "hosp-7", Sealed: []byte("sealed")}
}

func TestInboundIsKeptOnceAndErased(t *testing.T) {
	p := startPlanning(t, Options{})
	add := func(r rooms.Reply, want uint64, wantKnown bool) {
		t.Helper()
		sequence, known, err := p.AddReply(t.Context(), r)
		if err != nil || sequence != want || known != wantKnown {
			t.Errorf("%d, %t, %v; want %d, %t", sequence, known, err, want, wantKnown)
		}
	}
	add(someReply("1\r\nX: y", "newborn"), 1, false)
	add(someReply("1\r\nX: y", "taxes"), 1, true) // what it belongs to may have changed meanwhile
	add(someReply("2", ""), 2, false)
	other := someReply("2", "")
	other.Provider = "b"
	add(other, 3, false)
	add(someReply("3", "newborn"), 4, false)

	got, err := p.Reply(t.Context(), 1)
	want := someReply("1\r\nX: y", "newborn")
	want.Sequence = 1
	if err != nil || got.ID != want.ID || got.Room != want.Room || !got.At.Equal(want.At) || got.UMID != want.UMID || string(got.Sealed) != "sealed" || got.Sequence != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	p.garble(rooms.InboundSubject("newborn"))
	add(someReply("4", "newborn"), 6, false)
	for room, want := range map[rooms.Room][]uint64{"newborn": {1, 4, 6}, "": {2, 3}, "taxes": nil} {
		for limit := 1; limit < 5; limit++ {
			if got := p.replies(room, limit); !equal(got, want) {
				t.Errorf("%s by %d: %d, want %d", room, limit, got, want)
			}
		}
	}
	p.must(p.EraseReply(t.Context(), 4))
	if err := p.EraseReply(t.Context(), 4); !errors.Is(err, ErrGone) {
		t.Errorf("twice: %v", err)
	}
	if _, err := p.Reply(t.Context(), 4); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	p.must(p.RemoveReplies(t.Context(), "newborn"))
	if left := append(p.replies("newborn", 9), p.replies("", 9)...); !equal(left, []uint64{2, 3}) {
		t.Errorf("%d are left", left)
	}
}

// What is kept makes no way for more, and what belongs to nobody leaves room for what belongs to a room.
func TestInboundIsLimited(t *testing.T) {
	p := startPlanning(t, Options{InboundBytes: 64 << 10})
	fill := func(room rooms.Room, id string) (n int) {
		t.Helper()
		for ; ; n++ {
			r := someReply(fmt.Sprint(id, n), room)
			r.Sealed = make([]byte, 1000)
			if _, _, err := p.AddReply(t.Context(), r); errors.Is(err, ErrFull) {
				return n
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	nobodys, newborns := fill("", "a"), fill("newborn", "b")
	if nobodys < 5 || newborns < nobodys/2 {
		t.Errorf("%d of nobody, %d of a room", nobodys, newborns)
	}
	if got := len(p.replies("", 100)); got != nobodys {
		t.Errorf("%d are left, want %d", got, nobodys)
	}
	p.must(p.RemoveReplies(t.Context(), "newborn"))
	if n := fill("newborn", "c"); n != newborns {
		t.Errorf("afterwards %d, want %d", n, newborns)
	}
}

func equal(a, b []uint64) bool {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return true
}

// replies are the positions of what is kept of a room, read page by page.
func (p *planning) replies(room rooms.Room, limit int) (all []uint64) {
	p.Helper()
	for after, more := uint64(0), true; more; more = after > 0 {
		var err error
		after, err = p.ScanReplies(context.Background(), room, after, limit, func(r rooms.Reply) error {
			all = append(all, r.Sequence)
			return nil
		})
		p.must(err)
	}
	return all
}
