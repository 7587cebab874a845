package main

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
)

// newReleaser makes what looks after messages that wait.
func (a *App) newReleaser(c *crew, s *store, k *knowledge) *release.Releaser {
	return &release.Releaser{
		Options: a.config.Release, Log: s.log, Memory: held{k}, Vault: s.vault, Controls: k.controls, Rooms: standing{k.rooms}, Publishers: entitled{k},
		Policies: k.policies, Quotas: k.quotas, Audit: a.recorder(c, s.log, "release"), Logger: a.log.With("part", "release"), Now: s.broker.Now,
	}
}

// startRelease looks at messages that fall due, on every node, and makes passes over all of them on one.
func (k *knowledge) startRelease(c *crew, leases *lease.Leases) {
	c.run("release", k.release.Run)
	c.run("release sweep", func(ctx context.Context) error {
		return leases.Hold(ctx, "release", func(ctx context.Context, _ uint64, _ func() bool) error { return k.release.RunSweep(ctx) })
	})
}

// held tells from the index what is known of messages that wait.
type held struct{ *knowledge }

// Known tells of one.
func (h held) Known(u rooms.UMID) (release.Known, bool, error) {
	m, err := h.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		return release.Known{}, false, nil
	}
	return release.Known{Header: m.Header, Waits: m.Held, Sent: m.Readable, Control: m.Control}, err == nil, err
}

// Waiting counts what a client has waiting.
func (h held) Waiting(c rooms.Client, most int) (int, error) { return h.index.Waiting(c, most) }

// standing knows the rooms that are there.
type standing struct{ rooms *registry.Rooms }

// Stands says whether the room is there in which a message was accepted, and not another of the same name.
func (s standing) Stands(ctx context.Context, h rooms.Header) (bool, error) {
	room, err := s.rooms.Get(ctx, h.Room)
	if errors.Is(err, registry.ErrUnknownRoom) {
		return false, nil
	}
	return !h.ReceivedAt.Before(room.CreatedAt), err
}

// entitled knows what publishers may do now.
type entitled struct{ *knowledge }

// May says whether a message could be published now as it was then, and whom it is from by now. What crier itself has to say
// may always go.
func (e entitled) May(ctx context.Context, h rooms.Header, from rooms.Sender) (rooms.Sender, bool, error) {
	if h.Publisher == rooms.Gateway && (h.Type == confirmation || h.Type == rooms.OperatorAlert) {
		return from, true, nil
	}
	if e.blocked.Has(h.Publisher) {
		return from, false, nil
	}
	room, err := e.rooms.Get(ctx, h.Room)
	if err != nil {
		return from, false, unless(registry.ErrUnknownRoom, err)
	}
	if may, named := room.MayPublish(h.Publisher); !may || h.Direct && !named {
		return from, false, nil
	}
	if from.Form() == nil {
		return from, true, nil
	}
	sender, err := e.senders.Resolve(ctx, h.Publisher, from, true)
	return sender, err == nil, unless(rooms.ErrSender, err)
}
