package registry

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// lookAtBlocked is the time between two looks at what other nodes have blocked.
const lookAtBlocked = time.Second

// BlockStore keeps who is kept out.
type BlockStore interface {
	Block(ctx context.Context, b rooms.Blocked) error
	Unblock(ctx context.Context, c rooms.Client) error
	Blocked(ctx context.Context) ([]rooms.Blocked, error)
}

// Blocked knows the clients that are kept out, whatever token they show. What is decided on one
// node holds there at once, and on the others within about a second; a node that cannot read the
// log goes on with what it knows.
type Blocked struct {
	store BlockStore
	log   *slog.Logger

	mu      sync.RWMutex
	known   map[rooms.Client]rooms.Blocked
	changes int // made here
}

// NewBlocked knows nobody yet; Load and Run change that.
func NewBlocked(s BlockStore, log *slog.Logger) *Blocked {
	return &Blocked{store: s, log: log, known: map[rooms.Client]rooms.Blocked{}}
}

// Has says whether a client is kept out; of nil, that nobody is.
func (b *Blocked) Has(c rooms.Client) bool {
	if b == nil {
		return false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	_, has := b.known[c]
	return has
}

// List gives those who are kept out, in the order of their names.
func (b *Blocked) List() []rooms.Blocked {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.SortedFunc(maps.Values(b.known), func(x, y rooms.Blocked) int { return cmp.Compare(x.Client, y.Client) })
}

// Block keeps a client out from now on.
func (b *Blocked) Block(ctx context.Context, one rooms.Blocked) error {
	if err := b.store.Block(ctx, one); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known[one.Client] = one
	b.changes++
	return nil
}

// Unblock lets a client in again.
func (b *Blocked) Unblock(ctx context.Context, c rooms.Client) error {
	if err := b.store.Unblock(ctx, c); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, c)
	b.changes++
	return nil
}

// Load reads who is kept out. What was read while something was changed here may lack that, and is
// read again by Run.
func (b *Blocked) Load(ctx context.Context) error {
	b.mu.RLock()
	before := b.changes
	b.mu.RUnlock()
	all, err := b.store.Blocked(ctx)
	if err != nil {
		return err
	}
	known := map[rooms.Client]rooms.Blocked{}
	for _, one := range all {
		known[one.Client] = one
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changes == before {
		b.known = known
	}
	return nil
}

// Run follows what other nodes decide, until ctx ends.
func (b *Blocked) Run(ctx context.Context) error {
	return follow(ctx, lookAtBlocked, b.Load, b.log, "who is blocked cannot be read; those known stay out")
}
