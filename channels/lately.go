package channels

import (
	"context"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// latelyLimit is how many confirmations are remembered at least; there are never more than twice as many.
const latelyLimit = 32 << 10

// lately remembers what providers have confirmed a moment ago, through this node: most receipts come before anybody has
// folded that, many before it is recorded.
type lately struct {
	mu          sync.Mutex
	now, before map[confirmed]rooms.Confirmation
	waiting     map[confirmed]*waiter
}

type confirmed struct{ provider, id string }

// waiter is those who wait for one confirmation.
type waiter struct {
	count int
	comes chan struct{} // closed when it is there
}

func newLately() *lately {
	return &lately{now: map[confirmed]rooms.Confirmation{}, waiting: map[confirmed]*waiter{}}
}

// note takes in an event that is recorded.
func (l *lately) note(e rooms.Event) {
	all := rooms.Confirmations(e)
	if len(all) == 0 || l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.now) >= latelyLimit {
		l.before, l.now = l.now, map[confirmed]rooms.Confirmation{}
	}
	for _, c := range all {
		key := confirmed{c.Provider, c.ID}
		l.now[key] = c
		if w, ok := l.waiting[key]; ok {
			close(w.comes)
			delete(l.waiting, key)
		}
	}
}

// find gives a confirmation, and waits a while for one that is on its way.
func (l *lately) find(ctx context.Context, provider, id string, patience time.Duration) (rooms.Confirmation, bool) {
	key := confirmed{provider, rooms.SameProviderID(id)}
	c, ok, w := l.ask(key)
	if ok {
		return c, true
	}
	defer l.leave(key, w)
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-w.comes:
		return l.known(key)
	case <-late.C:
	case <-ctx.Done():
	}
	return rooms.Confirmation{}, false
}

func (l *lately) ask(key confirmed) (rooms.Confirmation, bool, *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.look(key); ok {
		return c, true, nil
	}
	w := l.waiting[key]
	if w == nil {
		w = &waiter{comes: make(chan struct{})}
		l.waiting[key] = w
	}
	w.count++
	return rooms.Confirmation{}, false, w
}

func (l *lately) leave(key confirmed, w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.count--; w.count == 0 && l.waiting[key] == w {
		delete(l.waiting, key)
	}
}

func (l *lately) known(key confirmed) (rooms.Confirmation, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.look(key)
}

func (l *lately) look(key confirmed) (rooms.Confirmation, bool) {
	if c, ok := l.now[key]; ok {
		return c, true
	}
	c, ok := l.before[key]
	return c, ok
}
