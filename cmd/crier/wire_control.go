package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/registry"
)

// desk is where it is decided what becomes of messages, with what is known of decisions.
type desk struct {
	*control.Desk
	*registry.Controls
}

func (a *App) desk(s *store, k *knowledge) desk {
	return desk{&control.Desk{
		Controls: k.controls, Index: standings{k.recall}, Log: s.log, Policies: k.policies, Vault: s.vault, Now: s.broker.Now,
	}, k.controls}
}

// startControl starts what carries decisions out, and what holds messages of which too much fails.
func (a *App) startControl(c *crew, s *store, k *knowledge, leases *lease.Leases) *control.Holder {
	log := a.log.With("part", "control")
	keeper := control.Keeper{Desk: a.desk(s, k).Desk, Keep: a.config.Log.WithDefaults().MarkerTTL, Whole: k.certain, Log: log}
	c.run("control", func(ctx context.Context) error {
		return leases.Hold(ctx, "control", func(ctx context.Context, _ uint64, _ func() bool) error { return keeper.Run(ctx) })
	})
	holder := &control.Holder{Desk: keeper.Desk, Log: log}
	c.run("hold", holder.Run)
	return holder
}

// standings say how messages stand.
type standings struct{ *recall }

// Standing says how a message stands.
func (s standings) Standing(u rooms.UMID) (control.Standing, error) {
	m, err := s.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		err = fmt.Errorf("%w: %w", control.ErrUnknown, err)
	}
	return control.Standing{
		Header: m.Header, Finished: !m.FinishedAt.IsZero(), Erased: !m.ErasedAt.IsZero(),
		Failed: m.Counts.Failed, Errored: m.Counts.Errored, Queued: m.Counts.Queued, Wrong: m.Wrong, Helpable: m.Helpable, Control: m.Control,
	}, err
}

// Deliveries says how the deliveries of a message stand.
func (s standings) Deliveries(u rooms.UMID, from, limit int) (page []control.Delivery, next int, err error) {
	found, next, err := s.index.Deliveries(u, from, limit)
	for _, d := range found {
		page = append(page, control.Delivery{N: d.N, Channel: d.Channel, State: d.State, Dropped: d.Dropped, Entry: d.Entry})
	}
	return page, next, err
}

// Dead lists messages of which deliveries went wrong.
func (s standings) Dead(q control.Sweep, from rooms.UMID, limit int) ([]rooms.Header, rooms.UMID, error) {
	return s.index.DeadMessages(index.DeadQuery{Room: q.Room, FailedFilter: q.FailedFilter, Publisher: q.Publisher, From: q.From}, from, limit)
}

// State says how one delivery stands.
func (s standings) State(id rooms.DeliveryID) (rooms.State, error) { return s.index.State(id) }

// Wait returns when every event that is recorded now is known.
func (s standings) Wait(ctx context.Context) error { return s.told.wait(ctx) }
