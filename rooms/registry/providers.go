package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// lookAtProviders is the time between two looks at what other nodes have decided.
const lookAtProviders = time.Second

// ProviderStore keeps how providers are used. Providers gives what was decided from an entry on.
type ProviderStore interface {
	PutProvider(ctx context.Context, u rooms.ProviderUse) (entry uint64, err error)
	Providers(ctx context.Context, from uint64) ([]rooms.ProviderUse, error)
}

// Providers knows how the providers are used. What is decided on one node holds there at once, and on the others within
// about a second; a node that cannot read the log goes on with what it knows.
type Providers struct {
	store ProviderStore
	log   *slog.Logger
	now   func() time.Time

	mu    sync.RWMutex
	known map[provider]rooms.ProviderUse
	told  uint64 // the latest entry that is known
}

type provider struct {
	channel rooms.Channel
	name    string
}

// NewProviders knows nothing yet; Load and Run change that.
func NewProviders(s ProviderStore, now func() time.Time, log *slog.Logger) *Providers {
	return &Providers{store: s, log: log, now: now, known: map[provider]rooms.ProviderUse{}}
}

// Of says how a provider is used, out of memory.
func (p *Providers) Of(c rooms.Channel, name string) rooms.ProviderUse {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if u, ok := p.known[provider{c, name}]; ok {
		return u
	}
	return rooms.UnmovedProvider(c, name)
}

// Put stores how a provider is used. ErrRevision if u.Entry is not the latest: somebody else has decided meanwhile.
func (p *Providers) Put(ctx context.Context, u rooms.ProviderUse) (rooms.ProviderUse, error) {
	entry, err := p.store.PutProvider(ctx, u)
	switch {
	case errors.Is(err, stream.ErrRevision):
		return u, fmt.Errorf("%w: %w", ErrRevision, errors.Join(err, p.Load(ctx)))
	case err != nil:
		return u, fmt.Errorf("registry: store the use of a provider: %w", err)
	}
	u.Entry = entry
	p.set(u)
	return u, nil
}

// Change has a provider be used as somebody says, now. If entry is not nil it must be the latest, or ErrRevision is said.
func (p *Providers) Change(ctx context.Context, c rooms.Channel, name string, to rooms.ProviderChange, entry *uint64) (rooms.ProviderUse, error) {
	to.At = p.now().UTC().Truncate(time.Millisecond)
	for {
		before := p.Of(c, name)
		if entry != nil && *entry != before.Entry {
			if err := p.Load(ctx); err != nil {
				return before, err
			}
			if before = p.Of(c, name); *entry != before.Entry {
				return before, ErrRevision
			}
		}
		u, err := p.Put(ctx, before.With(to))
		if entry != nil || !errors.Is(err, ErrRevision) || ctx.Err() != nil {
			return u, err
		}
	}
}

func (p *Providers) set(u rooms.ProviderUse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key := (provider{u.Channel, u.Name}); p.known[key].Entry < u.Entry {
		p.known[key] = u
	}
}

// Load learns what was decided before the call.
func (p *Providers) Load(ctx context.Context) error {
	p.mu.RLock()
	from := p.told + 1
	p.mu.RUnlock()
	fresh, err := p.store.Providers(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the uses of providers: %w", err)
	}
	for _, u := range fresh {
		p.set(u)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range fresh {
		p.told = max(p.told, u.Entry)
	}
	return nil
}

// Run follows what other nodes decide, until ctx ends.
func (p *Providers) Run(ctx context.Context) error {
	return follow(ctx, lookAtProviders, p.Load, p.log, "what was decided about providers cannot be read; what is known holds")
}
