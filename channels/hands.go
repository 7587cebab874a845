package channels

import (
	"sync"

	"github.com/govcrier/crier/rooms"
)

// hands are the deliveries that this process is working on. One is never in two of them,
// although the queue may give the same delivery out twice.
type hands struct {
	mu      sync.Mutex
	busy    map[rooms.DeliveryID]bool
	persons map[rooms.SubscriberID]bool // those counted who are about to be reached
}

func newHands() *hands {
	return &hands{busy: map[rooms.DeliveryID]bool{}, persons: map[rooms.SubscriberID]bool{}}
}

// takePerson says whether nobody was about to reach the person, and now somebody is.
func (h *hands) takePerson(id rooms.SubscriberID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.persons[id] {
		return false
	}
	h.persons[id] = true
	return true
}

func (h *hands) releasePerson(id rooms.SubscriberID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.persons, id)
}

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
