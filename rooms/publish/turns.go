package publish

import (
	"context"
	"slices"
	"sync"
)

// turns lets the calls with one transaction id through one after another while there are several
// hash keys. With one key the log itself tells them apart; with several, two calls may come to it
// under different hashes, as a key is promoted between them. The zero value is ready for use.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed at the end of the turn
}

// enter waits for the turn of a transaction, known by its hashes in any order.
func (t *turns) enter(ctx context.Context, txids []string) (leave func(), err error) {
	if len(txids) == 1 {
		return func() {}, nil
	}
	id := slices.Min(txids)
	for {
		other := t.take(id)
		if other == nil {
			return func() { t.leave(id) }, nil
		}
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take begins a turn, or gives the end of another's.
func (t *turns) take(id string) (other <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.busy[id]; ok {
		return c
	}
	if t.busy == nil {
		t.busy = map[string]chan struct{}{}
	}
	t.busy[id] = make(chan struct{})
	return nil
}

func (t *turns) leave(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.busy[id])
	delete(t.busy, id)
}
