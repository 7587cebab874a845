package registry

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	lookAtDepartures = time.Second      // the time between two looks at who has left on other nodes
	keepDepartures   = 10 * time.Minute // how long who has left is remembered
)

// DepartureStore keeps who has left lately.
type DepartureStore interface {
	PutDeparture(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
	Departures(ctx context.Context, from uint64) ([]stream.Departure, error)
}

// Departures knows who has left a room in the last minutes, or paused, so that even a message that was planned a moment
// before is not sent without asking. It is known here at once, and on other nodes within about a second.
type Departures struct {
	store DepartureStore
	log   *slog.Logger
	now   func() time.Time

	mu    sync.RWMutex
	known map[departure]time.Time
	told  uint64 // the latest entry that is known
}

type departure struct {
	room rooms.Room
	id   rooms.SubscriberID
}

// NewDepartures knows nobody yet; Load and Run change that.
func NewDepartures(s DepartureStore, now func() time.Time, log *slog.Logger) *Departures {
	return &Departures{store: s, log: log, now: now, known: map[departure]time.Time{}}
}

// Has says whether somebody has left, out of memory. It may say so of one who is back.
func (d *Departures) Has(room rooms.Room, id rooms.SubscriberID) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, has := d.known[departure{room, id}]
	return has
}

// Note makes known to all nodes that somebody leaves; it is called before that happens.
func (d *Departures) Note(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	if err := d.store.PutDeparture(ctx, room, id); err != nil {
		return fmt.Errorf("registry: store a departure: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[departure{room, id}] = d.now()
	return nil
}

// Load learns who has left before the call, and forgets who has left long ago.
func (d *Departures) Load(ctx context.Context) error {
	d.mu.RLock()
	from := d.told + 1
	d.mu.RUnlock()
	fresh, err := d.store.Departures(ctx, from)
	if err != nil {
		return fmt.Errorf("registry: read the departures: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for one, at := range d.known {
		if d.now().Sub(at) > keepDepartures {
			delete(d.known, one)
		}
	}
	for _, one := range fresh {
		d.known[departure{one.Room, one.ID}] = d.now()
		d.told = max(d.told, one.Sequence)
	}
	return nil
}

// Run follows who leaves on other nodes, until ctx ends.
func (d *Departures) Run(ctx context.Context) error {
	return follow(ctx, lookAtDepartures, d.Load, d.log, "who has left cannot be read; those known are asked about")
}
