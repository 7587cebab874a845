package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/together"
)

// The refusals.
var (
	// ErrUnknown: there is no such consumer.
	ErrUnknown = errors.New("unknown consumer")
	// ErrExists: one of that name is there, with other settings.
	ErrExists = errors.New("consumer exists")
	// ErrQuota: the room, or the client in it, has as many as it may have.
	ErrQuota = errors.New("too many consumers")
)

// Store keeps consumers.
type Store interface {
	Reader
	Writer
	Server
}

// Reader reads consumers. What is not there is stream.ErrGone.
type Reader interface {
	Consumer(ctx context.Context, id rooms.ConsumerID) (rooms.Consumer, error)
	ConsumerIDs(ctx context.Context) ([]rooms.ConsumerID, error)
}

// Writer makes and removes consumers. One that is there with other settings is stream.ErrExists.
type Writer interface {
	CreateConsumer(ctx context.Context, c rooms.ConsumerConfig, after uint64) error
	PaceConsumer(ctx context.Context, id rooms.ConsumerID, inOrder bool, keep time.Duration) error
	ResetConsumer(ctx context.Context, id rooms.ConsumerID, s rooms.Start, after uint64) error
	DeleteConsumer(ctx context.Context, id rooms.ConsumerID) error
}

// Consumers are those of all rooms.
type Consumers struct {
	store   Store
	seal    Sealer
	options Options
	all     *together.Question[[]rooms.ConsumerID]
}

// New makes the keeper of consumers.
func New(s Store, v Sealer, o Options) *Consumers {
	c := &Consumers{store: s, seal: v, options: o.WithDefaults()}
	c.all = together.New(c.list)
	return c
}

// Create makes a consumer of a room. One that is there with the same settings stays as it is.
func (c *Consumers) Create(ctx context.Context, room rooms.RoomConfig, wanted rooms.ConsumerConfig) (rooms.Consumer, bool, error) {
	switch there, err := c.Get(ctx, wanted.ID); {
	case err == nil:
		return same(there, wanted)
	case !errors.Is(err, ErrUnknown):
		return rooms.Consumer{}, false, err
	}
	if err := c.checkQuota(ctx, wanted.ID, 1); err != nil {
		return rooms.Consumer{}, false, err
	}
	err := c.store.CreateConsumer(ctx, wanted, room.After)
	if errors.Is(err, stream.ErrFull) {
		return rooms.Consumer{}, false, ErrQuota
	}
	if err != nil && !errors.Is(err, stream.ErrExists) {
		return rooms.Consumer{}, false, fmt.Errorf("consumers: create: %w", err)
	}
	if err == nil { // others may have been made at the same moment
		if err := c.checkQuota(ctx, wanted.ID, 0); err != nil {
			return rooms.Consumer{}, false, errors.Join(err, c.Delete(ctx, wanted.ID))
		}
	}
	there, err := c.Get(ctx, wanted.ID)
	if err != nil {
		return rooms.Consumer{}, false, err
	}
	there, _, err = same(there, wanted)
	return there, true, err
}

func same(there rooms.Consumer, wanted rooms.ConsumerConfig) (rooms.Consumer, bool, error) {
	if !there.Same(wanted) {
		return rooms.Consumer{}, false, ErrExists
	}
	return there, false, nil
}

// checkQuota says whether so many more may be made.
func (c *Consumers) checkQuota(ctx context.Context, id rooms.ConsumerID, more int) error {
	ids, err := c.ids(ctx)
	if err != nil {
		return err
	}
	inRoom, own := more, more
	for _, other := range ids {
		if other.Room != id.Room {
			continue
		}
		inRoom++
		if other.Owner == id.Owner {
			own++
		}
	}
	if inRoom > c.options.PerRoom || own > c.options.PerClient {
		return ErrQuota
	}
	return nil
}

func (c *Consumers) ids(ctx context.Context) ([]rooms.ConsumerID, error) {
	ids, err := c.store.ConsumerIDs(ctx)
	if err != nil {
		return nil, fmt.Errorf("consumers: list: %w", err)
	}
	return ids, nil
}

// Get reads a consumer.
func (c *Consumers) Get(ctx context.Context, id rooms.ConsumerID) (rooms.Consumer, error) {
	there, err := c.store.Consumer(ctx, id)
	switch {
	case errors.Is(err, stream.ErrGone):
		return there, ErrUnknown
	case err != nil:
		return there, fmt.Errorf("consumers: read: %w", err)
	}
	return there, nil
}

// List gives the consumers of a room after a position, those of one owner unless that is "". They are
// in the order of owner and name; next is "" on the last page.
func (c *Consumers) List(ctx context.Context, room rooms.Room, owner rooms.Owner, after string, limit int) (page []rooms.Consumer, next string, err error) {
	ids, err := c.ids(ctx)
	if err != nil {
		return nil, "", err
	}
	ids = slices.DeleteFunc(ids, func(id rooms.ConsumerID) bool {
		return id.Room != room || owner != "" && id.Owner != owner || position(id) <= after
	})
	slices.SortFunc(ids, func(a, b rooms.ConsumerID) int { return strings.Compare(position(a), position(b)) })
	if len(ids) > limit {
		ids = ids[:limit]
		next = position(ids[limit-1])
	}
	for _, id := range ids {
		one, err := c.Get(ctx, id)
		if errors.Is(err, ErrUnknown) { // removed meanwhile
			continue
		}
		if err != nil {
			return nil, "", err
		}
		page = append(page, one)
	}
	return page, next, nil
}

// position is where a consumer stands in the list of its room.
func position(id rooms.ConsumerID) string { return string(id.Owner) + "_" + string(id.Name) }

// Reset has a consumer begin elsewhere; tokens that it gave before are refused from then on.
func (c *Consumers) Reset(ctx context.Context, room rooms.RoomConfig, id rooms.ConsumerID, s rooms.Start) (rooms.Consumer, error) {
	err := c.store.ResetConsumer(ctx, id, s, room.After)
	switch {
	case errors.Is(err, stream.ErrGone):
		return rooms.Consumer{}, ErrUnknown
	case err != nil:
		return rooms.Consumer{}, fmt.Errorf("consumers: reset: %w", err)
	}
	return c.Get(ctx, id)
}

// Pace says whether a consumer hands messages out one by one, and how long they are of use. Its position stays.
func (c *Consumers) Pace(ctx context.Context, id rooms.ConsumerID, inOrder bool, keep time.Duration) (rooms.Consumer, error) {
	err := c.store.PaceConsumer(ctx, id, inOrder, keep)
	switch {
	case errors.Is(err, stream.ErrGone):
		return rooms.Consumer{}, ErrUnknown
	case err != nil:
		return rooms.Consumer{}, fmt.Errorf("consumers: pace: %w", err)
	}
	return c.Get(ctx, id)
}

// Delete removes a consumer with its position. To delete what is gone is no error.
func (c *Consumers) Delete(ctx context.Context, id rooms.ConsumerID) error {
	if err := c.store.DeleteConsumer(ctx, id); err != nil {
		return fmt.Errorf("consumers: delete: %w", err)
	}
	return nil
}

// deletedAtOnce is how many consumers are removed at the same time.
const deletedAtOnce = 16

// DeleteAll removes the consumers of a room.
func (c *Consumers) DeleteAll(ctx context.Context, room rooms.Room) error {
	ids, err := c.ids(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(deletedAtOnce)
	for _, id := range ids {
		if id.Room == room {
			group.Go(func() error { return c.Delete(ctx, id) })
		}
	}
	return group.Wait()
}
