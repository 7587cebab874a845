package replies_test

import (
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/replies"
)

// What somebody hands over is kept for the publisher of the message, once, and ends no subscription whatever it says.
func TestHand(t *testing.T) {
	h := newHouse(t)
	h.room("clinic", rooms.Inbox{Confirm: "Thank you."})
	h.subscribe("clinic", aida)
	u := h.send("clinic", aida, time.Hour)
	handed := replies.Handed{ID: "1", Message: h.messages[u], At: h.now, Letter: rooms.Letter{Subject: rooms.NewBody("meta"), Text: rooms.NewBody("STOP")}}
	first, err := h.shelf.Hand(t.Context(), handed)
	if err != nil || first.Sequence == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := h.shelf.Hand(t.Context(), handed); err != nil || again.Sequence != first.Sequence {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	h.expect("clinic|" + string(u) + "|reply|STOP")
	if h.members("clinic") != 1 || len(h.answers) > 0 || len(h.told) == 0 || h.told[0].Sequence != first.Sequence {
		t.Errorf("%d members, answers %q, told %+v", h.members("clinic"), h.answers, h.told)
	}
	page, _, err := h.shelf.List(t.Context(), replies.Reader{Room: "clinic", Client: h.messages[u].Publisher}, 0, 10)
	if err != nil || len(page) != 1 || page[0].Subject.Reveal() != "meta" || !page[0].From.IsZero() {
		t.Errorf("%+v, %v", page, err)
	}
}
