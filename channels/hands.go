package channels

import (
	"sync"

	"github.com/govcrier/crier/rooms"
)

// hands are the deliveries that this process is working on. One is never in two of them,
// although the queue may give the same delivery out twice.
type hands struct {
	mu   sync.Mutex
	busy map[rooms.DeliveryID]bool
}

func newHands() *hands { return &hands{busy: map[rooms.DeliveryID]bool{}} }

// take says whether the delivery was free and now is not.
func (h *hands) take(id rooms.DeliveryID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[id] {
		return false
	}
	h.busy[id] = true
	return true
}

func (h *hands) release(id rooms.DeliveryID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.busy, id)
}
