package index

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

// Whatever is known of a delivery on any channel, it is read as it was written.
func TestSlotsComeBack(t *testing.T) {
	for c := range byte(len(rooms.Channels()) + 1) {
		for status := range byte(statuses) {
			for round := range byte(rooms.MaxRounds + 1) {
				want := slot{status: status, channel: c, round: round, last: round % 3, reason: byte(len(rooms.Reasons()) - 1), dropped: round + 1, attempt: 255, via: 255, at: maxTick, sent: maxTick, retry: maxTick}
				if status == stateFailed {
					want.retry, want.entry = 0, maxTick
				}
				b := make([]byte, slotSize)
				if want.put(b); getSlot(b) != want {
					t.Fatalf("written %+v, read %+v", want, getSlot(b))
				}
			}
		}
	}
}
