package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
)

// sweepEvery is the time between two passes, so that with the time in which a lease moves nothing stays
// for five seconds.
const sweepEvery = 2 * time.Second

// Rooms tells who may read a room: nobody, if it is not there.
type Rooms interface {
	// Readers are those that this node has heard of.
	Readers(ctx context.Context, room rooms.Room) ([]rooms.Client, error)
	// ReadersNow are those that there are.
	ReadersNow(ctx context.Context, room rooms.Room) ([]rooms.Client, error)
}

// Swept is what a Sweeper works on.
type Swept interface {
	ConsumerIDs(ctx context.Context) ([]rooms.ConsumerID, error)
	DeleteConsumer(ctx context.Context, id rooms.ConsumerID) error
}

// Sweeper removes the consumers of those who may not read any more.
type Sweeper struct {
	Store Swept
	Rooms Rooms
	Log   *slog.Logger
}

// Run makes a pass now and then until ctx ends.
func (s Sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("consumers of those who may not read wait to be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Pass looks at every consumer once.
func (s Sweeper) Pass(ctx context.Context) error {
	ids, err := s.Store.ConsumerIDs(ctx)
	if err != nil {
		return fmt.Errorf("consumers: list: %w", err)
	}
	var failed []error
	var room rooms.Room
	var readers map[rooms.Owner]bool
	for _, id := range ids { // room by room
		if id.Room != room {
			known, err := s.Rooms.Readers(ctx, id.Room)
			if err != nil {
				return fmt.Errorf("consumers: who may read a room: %w", err)
			}
			room, readers = id.Room, owners(known)
		}
		if !readers[id.Owner] {
			failed = append(failed, s.remove(ctx, id))
		}
	}
	return errors.Join(failed...)
}

func owners(clients []rooms.Client) map[rooms.Owner]bool {
	all := make(map[rooms.Owner]bool, len(clients))
	for _, c := range clients {
		all[rooms.OwnerOf(c)] = true
	}
	return all
}

// remove removes a consumer unless its owner may read after all: this node may not have heard of it yet.
func (s Sweeper) remove(ctx context.Context, id rooms.ConsumerID) error {
	now, err := s.Rooms.ReadersNow(ctx, id.Room)
	if err != nil {
		return fmt.Errorf("consumers: who may read a room: %w", err)
	}
	if owners(now)[id.Owner] {
		return nil
	}
	if err := s.Store.DeleteConsumer(ctx, id); err != nil {
		return fmt.Errorf("consumers: remove %s: %w", id, err)
	}
	s.Log.Info("consumer removed, since its owner may not read the room", "consumer", id.String())
	return nil
}
