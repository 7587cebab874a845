package replies_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
)

// A release that broke off before what was released was erased is done again. Nobody is told that it stands in a room
// where it does not.
func TestReleaseInterrupted(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{})
	h.room("library", rooms.Inbox{})
	for _, tc := range []struct {
		again rooms.Room
		want  []string
	}{
		{"clinic", []string{"clinic||reply|x"}},
		{"library", []string{"clinic||reply|x", "library||reply|x"}},
	} {
		h.clear()
		h.take(h.hear(string(tc.again), "+996555000999", "", "x"))
		page, _, err := h.shelf.List(t.Context(), replies.Reader{All: true}, 0, 1)
		if err != nil || len(page) != 1 {
			t.Fatal(page, err)
		}
		id := rooms.ReplyID(strconv.FormatUint(page[0].Sequence, 10))
		h.shelf.Store = unerasing{h.log}
		if _, err := h.shelf.Release(t.Context(), id, h.rooms[0], ""); !errors.Is(err, errTest) {
			t.Fatal(err)
		}
		h.shelf.Store = h.log
		for _, r := range h.rooms {
			if r.Name != tc.again {
				continue
			}
			got, err := h.shelf.Release(t.Context(), id, r, "")
			stored, there := h.log.Reply(t.Context(), got.Sequence)
			if err != nil || there != nil || got.Room != tc.again || stored.Room != tc.again {
				t.Errorf("%s: stands in %s as %d of %s, %v, %v", tc.again, got.Room, got.Sequence, stored.Room, err, there)
			}
		}
		h.expect(tc.want...)
	}
}

// unerasing breaks off before anything is erased.
type unerasing struct{ *stream.Log }

func (unerasing) EraseReply(context.Context, uint64) error { return errTest }
