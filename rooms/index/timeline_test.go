package index

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A provider whose clock lags behind confirms before it was asked; the timeline does not run backwards for that.
func TestReceiptOfASlowClock(t *testing.T) {
	sent := delivery(1, 0, 1, rooms.EventSent, 40)
	sent.Receipt = true
	x := told(t, accepted(header(1)), queued(1, 0, 1, "e"), sent, delivery(1, 0, 1, rooms.EventDelivered, 20))
	list, _, err := x.Deliveries(umid(1), 0, 10)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if d := list[0]; d.Status != rooms.Delivered || !d.SentAt.Equal(after(40)) || !d.At.Equal(after(40)) {
		t.Errorf("got %+v", d)
	}
	if s := summary(t, x); !s.FinishedAt.Equal(after(40)) {
		t.Errorf("finished %v, first sent %v", s.FinishedAt, s.FirstSentAt)
	}
}
