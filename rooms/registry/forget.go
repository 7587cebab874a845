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
	formerEvery  = time.Minute // the time between two looks at what is left of entries
	forgetEvery  = 60          // of those looks are one pass
	forgetAtOnce = 10_000      // of a room, in one pass
)

// ForgetStore is what a Forgetter works on.
type ForgetStore interface {
	ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error
	EraseSubscriber(ctx context.Context, sequence uint64) error
	EraseFormer(ctx context.Context) (erased int, err error)
}

// Forgetter erases who was asked for, and was not approved or did not confirm, and what was left of entries that have been
// replaced. It keeps in mind who was erased.
type Forgetter struct {
	Store   ForgetStore
	Persons interface {
		KeepErased(ctx context.Context) error
	}
	Rooms interface {
		List(ctx context.Context) ([]rooms.RoomConfig, error)
	}
	After time.Duration // since the invitation ended, or since he was asked for
	Now   func() time.Time
	Log   *slog.Logger
}

// Run looks through everything now and then until ctx ends: at once and each hour, and at what is left of entries each
// minute, which is quick where nothing is.
func (f *Forgetter) Run(ctx context.Context) error {
	tick := time.NewTicker(formerEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		f.warn(ctx, f.former(ctx), "entries of subscribers that were replaced wait to be erased")
		if n%forgetEvery == 0 {
			f.warn(ctx, f.Persons.KeepErased(ctx), "who was erased is not remembered longer yet")
			_, err := f.Pass(ctx)
			f.warn(ctx, err, "requests that nobody has confirmed wait to be erased")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (f *Forgetter) warn(ctx context.Context, err error, what string) {
	if err != nil && ctx.Err() == nil {
		f.Log.Warn(what, "error", err)
	}
}

// former erases what a crash has left of entries that have been replaced.
func (f *Forgetter) former(ctx context.Context) error {
	erased, err := f.Store.EraseFormer(ctx)
	if err == nil && erased > 0 {
		f.Log.Info("entries of subscribers that were replaced are erased", "entries", erased)
	}
	return err
}

// Pass looks through every room once for requests and says how many it has erased.
func (f *Forgetter) Pass(ctx context.Context) (erased int, err error) {
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
