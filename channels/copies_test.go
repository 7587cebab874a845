package channels

import (
	"slices"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// picky takes nothing for one address, and has one person stop a room.
type picky struct {
	notes
	held, stopped string
}

func (p picky) Holds(e rooms.Endpoint) bool { return e.Address.Reveal() == p.held }

func (p picky) Stopped(r rooms.Room, e rooms.Endpoint) bool {
	return r == "newborn" && e.Address.Reveal() == p.stopped
}

// Who takes nothing, or has stopped the room, gets no copy either, but of an emergency.
func TestCopiesOfWhoTakesNothing(t *testing.T) {
	var all []rooms.Copy
	for _, s := range []string{"a@example.com", "held@example.com", "stopped@example.com", "b@example.com"} {
		a, err := rooms.ParseEmail(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rooms.Copy{Address: a, Blind: s == "b@example.com"})
	}
	d := &diary{}
	w := newWorker(d, always(Outcome{Result: Sent}))
	w.suppressions = picky{notes{d, false}, "held@example.com", "stopped@example.com"}
	for lane, want := range map[rooms.Lane][]string{
		rooms.Normal:    {"a@example.com", "b@example.com"},
		rooms.Emergency: {"a@example.com", "held@example.com", "stopped@example.com", "b@example.com"},
	} {
		j := d.job(0)
		j.Lane, j.Room = lane, "newborn"
		var got []string
		for _, c := range w.copies(j, all) {
			got = append(got, c.Address.Reveal())
		}
		if !slices.Equal(got, want) || len(all) != 4 {
			t.Errorf("%s: %v, want %v", lane, got, want)
		}
	}
}
