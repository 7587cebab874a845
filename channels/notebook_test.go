package channels

import (
	"context"
	"fmt"
	"sync"

	"github.com/govcrier/crier/rooms"
)

// notebook is a provider that keeps what it was given and answers as a function says; nil is
// always sent.
type notebook struct {
	answer func(ctx context.Context, d rooms.Delivery) Outcome
	mu     sync.Mutex
	given  []rooms.Delivery
}

func (n *notebook) Send(ctx context.Context, d rooms.Delivery) Outcome {
	n.mu.Lock()
	n.given = append(n.given, d)
	n.mu.Unlock()
	if n.answer == nil {
		return Outcome{Result: Sent, ProviderID: fmt.Sprint("id-", d.ID.N)}
	}
	return n.answer(ctx, d)
}

func (n *notebook) read() []rooms.Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]rooms.Delivery(nil), n.given...)
}

// times counts how often each delivery was given.
func (n *notebook) times() map[rooms.DeliveryID]int {
	counts := map[rooms.DeliveryID]int{}
	for _, d := range n.read() {
		counts[d.ID]++
	}
	return counts
}

func (n *notebook) has(count int) func() error {
	return func() error {
		if got := len(n.read()); got != count {
			return fmt.Errorf("%d given to the provider, want %d", got, count)
		}
		return nil
	}
}
