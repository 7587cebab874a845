package stream

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Of all that stands in the room's log only the lane's own messages are asked back, however many
// others stand between them; every position if some of them have been erased.
func TestOwnMessagesAreAskedBack(t *testing.T) {
	p := startPlanning(t, Options{})
	p.add(rooms.Normal, 1, 2)
	p.add(rooms.Bulk, 3, 250)
	p.add(rooms.Normal, 251, 252)
	p.add(rooms.Emergency, 253, 254)
	turn, err := p.Turn(t.Context(), rooms.Normal, 1)
	p.must(err)
	info := &jetstream.ConsumerInfo{NumAckPending: 3}
	info.AckFloor.Stream, info.Delivered.Stream = 1, 253
	here := map[uint64]Received{251: {}}
	all, err := turn.elsewhere(t.Context(), info, here)
	if err != nil || fmt.Sprint(all) != "[2 252]" {
		t.Errorf("asked back are %v, %v", all, err)
	}
	p.must(p.remove(t.Context(), streamRooms, 2, true))
	if all, err = turn.elsewhere(t.Context(), info, here); err != nil || len(all) != 251 {
		t.Errorf("asked back are %d, want 251: %v", len(all), err)
	}
}
