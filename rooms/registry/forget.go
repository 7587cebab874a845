package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	forgetEvery  = time.Hour // the time between two passes
	forgetAtOnce = 10_000    // of a room, in one pass
)

// ForgetStore is what a Forgetter works on.
type ForgetStore interface {
	ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error
	EraseSubscriber(ctx context.Context, sequence uint64) error
	EraseFormer(ctx context.Context) (erased int, err error)
}

// Forgetter erases who was asked for, and was not approved or did not confirm, and what was left of entries that have been
// replaced.
type Forgetter struct {
	Store ForgetStore
	Rooms interface {
		List(ctx context.Context) ([]rooms.RoomConfig, error)
	}
	After time.Duration // since the invitation ended, or since he was asked for
	Now   func() time.Time
	Log   *slog.Logger
}

// Run makes a pass now and then until ctx ends.
func (f *Forgetter) Run(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if _, err := f.Pass(ctx); err != nil && ctx.Err() == nil {
			f.Log.Warn("requests that nobody has confirmed wait to be erased", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Pass looks through every room once and says how many it has erased.
func (f *Forgetter) Pass(ctx context.Context) (erased int, err error) {
	former, err := f.Store.EraseFormer(ctx)
	if err != nil {
		return 0, fmt.Errorf("registry: %w", err)
	}
	if former > 0 {
		f.Log.Info("entries of subscribers that were replaced are erased", "entries", former)
	}
	list, err := f.Rooms.List(ctx)
	if err != nil {
		return 0, fmt.Errorf("registry: list the rooms: %w", err)
	}
	for _, room := range list {
		n, err := f.room(ctx, room.Name)
		erased += n
		if err != nil {
			return erased, fmt.Errorf("registry: forget requests: %w", err)
		}
	}
	return erased, nil
}

func (f *Forgetter) room(ctx context.Context, room rooms.Room) (erased int, err error) {
	var over []uint64
	err = f.Store.ScanSubscribers(ctx, room, 0, func(s rooms.Subscriber) error {
		if len(over) < forgetAtOnce && s.Waits() && !f.Now().Before(f.until(s)) {
			over = append(over, s.Sequence)
		}
		return nil
	})
	for _, entry := range over {
		if err != nil {
			break
		}
		switch err = f.Store.EraseSubscriber(ctx, entry); {
		case err == nil:
			erased++
		case errors.Is(err, stream.ErrGone): // he has confirmed, or has asked again
			err = nil
		}
	}
	return erased, err
}

func (f *Forgetter) until(s rooms.Subscriber) time.Time {
	if s.State == rooms.SubscriberInvited {
		return s.Invitation.Until.Add(f.After)
	}
	return s.Since.Add(f.After)
}
