package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// lookAtControls is the time between two looks at what other nodes have decided.
const lookAtControls = time.Second

// ControlStore keeps what was decided about messages. Controls gives what was from an entry on.
type ControlStore interface {
	PutControl(ctx context.Context, c rooms.Control) (entry uint64, err error)
	Control(ctx context.Context, u rooms.UMID) (rooms.Control, error)
	Controls(ctx context.Context, from uint64) ([]rooms.Control, error)
	DropControl(ctx context.Context, c rooms.Control) error
}

// Controls knows which messages are paused, held or cancelled. What is decided on one node holds there at once, and on
// the others within about a second; a node that cannot read the log goes on with what it knows.
type Controls struct {
	store ControlStore
	log   *slog.Logger
	now   func() time.Time

	mu    sync.RWMutex
	known map[rooms.UMID]rooms.Control
	told  uint64 // the latest entry that is known
}

// NewControls knows nothing yet; Load and Run change that.
func NewControls(s ControlStore, now func() time.Time, log *slog.Logger) *Controls {
	return &Controls{store: s, log: log, now: now, known: map[rooms.UMID]rooms.Control{}}
}

// Of says what was decided about a message, out of memory; the zero value if nothing was.
func (c *Controls) Of(u rooms.UMID) rooms.Control {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[u]
}

// All gives what was decided about every message, out of memory.
func (c *Controls) All() []rooms.Control {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Values(c.known))
}

// Drop forgets what was decided about a message that is done with, unless something else was since.
func (c *Controls) Drop(ctx context.Context, one rooms.Control) error {
	if err := c.store.DropControl(ctx, one); err != nil {
		return fmt.Errorf("registry: forget a control: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[one.UMID].Entry == one.Entry {
		delete(c.known, one.UMID)
	}
	return nil
}

// Read says the same as of the call.
func (c *Controls) Read(ctx context.Context, u rooms.UMID) (rooms.Control, error) {
	one, err := c.store.Control(ctx, u)
	switch {
	case errors.Is(err, stream.ErrGone):
		return rooms.Control{UMID: u}, nil
	case err != nil:
		return one, fmt.Errorf("registry: read a control: %w", err)
	}
	c.set(one)
	return one, nil
}

// Put decides. ErrRevision if c.Entry is not the latest: somebody else has decided meanwhile.
func (c *Controls) Put(ctx context.Context, one rooms.Control) (rooms.Control, error) {
	one.At = c.now().UTC().Truncate(time.Millisecond)
	entry, err := c.store.PutControl(ctx, one)
	switch {
	case errors.Is(err, stream.ErrRevision):
		return one, fmt.Errorf("%w: %w", ErrRevision, err)
	case err != nil:
		return one, fmt.Errorf("registry: store a control: %w", err)
	}
	one.Entry = entry
	c.set(one)
	return one, nil
}

func (c *Controls) set(one rooms.Control) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[one.UMID].Entry < one.Entry {
		c.known[one.UMID] = one
	}
}

// Load learns what was decided before the call.
func (c *Controls) Load(ctx context.Context) error {
	c.mu.RLock()
	from := c.told + 1
	c.mu.RUnlock()
	fresh, err := c.store.Controls(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the controls: %w", err)
	}
	for _, one := range fresh {
		c.set(one)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range fresh {
		c.told = max(c.told, one.Entry)
	}
	return nil
}

// Run follows what other nodes decide, until ctx ends.
func (c *Controls) Run(ctx context.Context) error {
	return follow(ctx, lookAtControls, c.Load, c.log, "what was decided about messages cannot be read; what is known holds")
}
