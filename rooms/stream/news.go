package stream

import (
	"context"
	"sync"
	"time"
)

// news is how far a stream reaches, as far as this node has heard: by its own appends, and by the
// questions of those who wait for the end. It wakes the tail, which else looks from time to time.
type news struct {
	every time.Duration // between two looks, at most

	mu   sync.Mutex
	last uint64
	more chan struct{} // closed when it reaches further
}

func newNews(every time.Duration) *news { return &news{every: every, more: make(chan struct{})} }

func (n *news) tell(sequence uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if sequence <= n.last {
		return
	}
	n.last = sequence
	close(n.more)
	n.more = make(chan struct{})
}

func (n *news) heard() (last uint64, more <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last, n.more
}

// lookEvery is the time between two looks of a tail that has nothing to do; one that may rest for
// longer doubles it each time.
const lookEvery = 50 * time.Millisecond

// soon is the first wait of a tail for what is known to be there, but not yet at the replica at
// hand; it doubles each time.
const soon = time.Millisecond

// wait returns when it is time to look for what follows a position: at once when the stream is
// said to reach further, else after a while. empty is how many looks in a row have found nothing.
func (n *news) wait(ctx context.Context, after uint64, empty int) {
	while := min(n.every, lookEvery<<min(empty-1, 10))
	last, more := n.heard()
	if last > after {
		more = nil
		while = min(while, soon<<min(empty-1, 10))
	}
	t := time.NewTimer(while)
	defer t.Stop()
	select {
	case <-more:
	case <-t.C:
	case <-ctx.Done():
	}
}
