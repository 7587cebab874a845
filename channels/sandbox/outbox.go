package sandbox

import "sync"

// outbox keeps the latest items.
type outbox struct {
	mu    sync.Mutex
	ring  []item // grows up to keep, then each new one takes the place of the oldest
	keep  int
	first int // the oldest, once the ring is full
	total int // ever put in, since the last clear
}

func (o *outbox) put(it item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total++
	if len(o.ring) < o.keep {
		o.ring = append(o.ring, it)
		return
	}
	o.ring[o.first] = it
	o.first = (o.first + 1) % o.keep
}

// latest gives at most n items, the newest first, and how many there have been in all.
func (o *outbox) latest(n int) (items []item, total int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := len(o.ring)
	items = make([]item, 0, min(n, size))
	for i := range cap(items) {
		items = append(items, o.ring[(o.first+size-1-i)%size])
	}
	return items, o.total
}

func (o *outbox) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ring, o.first, o.total = nil, 0, 0
}
