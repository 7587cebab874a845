package channels

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// picky takes nothing for one address, and has one person stop a room.
type picky struct {
	notes
	held, stopped, erased string
}

func (p picky) Holds(e rooms.Endpoint) bool { return e.Address.Reveal() == p.held }

func (p picky) Stopped(r rooms.Room, e rooms.Endpoint) bool {
	return r == "newborn" && e.Address.Reveal() == p.stopped
}

func (p picky) Erased(e rooms.Endpoint, accepted time.Time) bool {
	return e.Address.Reveal() == p.erased && !accepted.After(erasedAt())
}

// erasedAt is when the person was erased who is.
func erasedAt() time.Time { return testUMID.Time().Add(time.Hour) }

// Who takes nothing, or has stopped the room, gets no copy either, but of an emergency; who was erased gets none.
func TestCopiesOfWhoTakesNothing(t *testing.T) {
	var all []rooms.Copy
	for _, s := range []string{"a@example.com", "held@example.com", "stopped@example.com", "erased@example.com", "b@example.com"} {
		a, err := rooms.ParseEmail(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rooms.Copy{Address: a, Blind: s == "b@example.com"})
	}
	d := &diary{}
	w := newWorker(d, always(Outcome{Result: Sent}))
	w.suppressions = picky{notes{d, false}, "held@example.com", "stopped@example.com", "erased@example.com"}
	for lane, want := range map[rooms.Lane][]string{
		rooms.Normal:    {"a@example.com", "b@example.com"},
		rooms.Emergency: {"a@example.com", "held@example.com", "stopped@example.com", "b@example.com"},
	} {
		j := d.job(0)
		j.Lane, j.Room = lane, "newborn"
		var got []string
		o := order{accepted: testUMID.Time()}
		o.To.Copies = all
		for _, c := range w.copies(j, o) {
			got = append(got, c.Address.Reveal())
		}
		if !slices.Equal(got, want) || len(all) != 5 {
			t.Errorf("%s: %v, want %v", lane, got, want)
		}
	}
}

// Who is named by a message that was accepted before he was erased gets nothing, in no lane; what was accepted later, and
// what a room's subscribers get, is sent. One time of a series was accepted with it.
func TestErasedAreNotReached(t *testing.T) {
	dropped, sent := []string{"record failed 0.1 suppressed", "done"}, []string{"taken " + string(testUMID) + ".0 false", "record sent 0.1 ", "done"}
	for name, tc := range map[string]struct {
		erased string
		change func(j *work, h *rooms.Header)
		want   []string
	}{
		"named":        {"canary@example.com", func(*work, *rooms.Header) {}, dropped},
		"emergency":    {"canary@example.com", func(j *work, _ *rooms.Header) { j.Lane = rooms.Emergency }, dropped},
		"subscriber":   {"canary@example.com", func(j *work, _ *rooms.Header) { j.Owner = subscriber }, append([]string{"subscribed?"}, sent...)},
		"other":        {"b@example.com", func(*work, *rooms.Header) {}, sent},
		"later series": {"canary@example.com", func(_ *work, h *rooms.Header) { h.Series = "01KB0000000000000000000011" }, sent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				w := newWorker(d, always(Outcome{Result: Sent}))
				w.suppressions = picky{notes: notes{d, false}, erased: tc.erased}
				j, m := d.job(0), testMessage
				tc.change(&j, &m.Header)
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) { return m, nil }
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}
