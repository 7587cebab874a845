package oidc

import (
	"crypto/sha256"
	"sync"
	"time"
)

// fingerprint stands for a token in memory, so that the token itself need not be kept.
type fingerprint [sha256.Size]byte

// cache remembers verified tokens until they end. Only good tokens enter, so bad ones can push nothing out.
type cache struct {
	size int

	mu         sync.RWMutex
	generation uint64 // of the key set that verified the entries
	entries    map[fingerprint]entry
}

type entry struct {
	identity Identity
	until    time.Time
}

func newCache(size int) *cache {
	return &cache{size: size, entries: make(map[fingerprint]entry)}
}

func (c *cache) get(token fingerprint, now time.Time) (Identity, bool) {
	c.mu.RLock()
	e, ok := c.entries[token]
	c.mu.RUnlock()
	if !ok || !now.Before(e.until) {
		return Identity{}, false
	}
	return e.identity.clone(), true
}

// put remembers a token, unless the keys have changed since the given generation. In a full cache an arbitrary other
// entry gives way.
func (c *cache) put(token fingerprint, e entry, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation || c.size <= 0 {
		return
	}
	for other := range c.entries {
		if len(c.entries) < c.size {
			break
		}
		delete(c.entries, other)
	}
	c.entries[token] = e
}

// current returns the generation to hand to put after a verification that starts now.
func (c *cache) current() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generation
}

// clear forgets everything that the keys known so far have verified.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.entries)
}
