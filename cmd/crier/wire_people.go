package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
)

// confirmation is the type of what crier itself has to say.
const confirmation = rooms.Type("confirmation")

// invitations make people confirm that they want to subscribe.
func (a *App) invitations(k *knowledge, p *publish.Publisher) *registry.Invitations {
	o := a.config.Invitations
	return &registry.Invitations{Subscribers: k.subscribers, Courier: courier{p, k.links, o}, Options: o}
}

// courier sends invitations as messages to named recipients, in the room that they are for.
type courier struct {
	publisher *publish.Publisher
	links     *registry.Links
	options   registry.InvitationOptions
}

// Bring publishes an invitation. One that was brought before is known by its transaction id.
func (c courier) Bring(ctx context.Context, i registry.Invite) error {
	link := ""
	if i.To.Channel == rooms.Email {
		link = c.links.Confirm(i.Room.Name, i.Subscriber, i.Code)
	}
	said := v1.Text{Subject: cmp.Or(i.Room.Title, string(i.Room.Name)), Text: c.options.Text(i, link)}
	content, err := json.Marshal(said)
	if err != nil {
		return fmt.Errorf("an invitation that cannot be written: %w", err)
	}
	to := rooms.Contact{Channel: i.To.Channel, Address: i.To.Address, Name: i.To.Name, Language: i.To.Language}
	_, err = c.publisher.Publish(ctx, publish.Request{
		Client: rooms.Gateway, Own: true, Room: i.Room.Name, Raw: []byte(i.Nonce), TransactionID: strings.Join([]string{"invitation", string(i.Room.Name), i.Nonce}, "-"),
		Type: confirmation, Lane: rooms.Normal, Content: content, Direct: true, Recipients: []rooms.Contact{to}, ExpiresAt: i.Until,
	})
	if errors.Is(err, publish.ErrConflict) { // it was brought under a key that has gone
		return nil
	}
	return err
}

// persons find and erase what is kept of a person.
func (a *App) persons(s *store, k *knowledge) *registry.Persons {
	once, delivery := a.config.Release.WithDefaults().Horizon, a.config.Log.WithDefaults().MarkerTTL
	return &registry.Persons{
		Subscribers: k.subscribers, Rooms: k.rooms, Waiting: s.log, Suppressions: k.suppressions, Written: s.log,
		Compact: s.broker, Held: s.log, Remember: once + delivery, Delivery: delivery, Log: a.log.With("part", "persons"),
	}
}

// startForgetting erases, on one node, who was asked for and did not come in, and keeps in mind who was erased.
func (a *App) startForgetting(c *crew, s *store, k *knowledge, leases *lease.Leases) {
	f := &registry.Forgetter{Store: s.log, Persons: a.persons(s, k), Rooms: k.rooms, After: a.config.Invitations.ForgetAfter, Now: s.broker.Now, Log: a.log.With("part", "requests")}
	c.run("requests", func(ctx context.Context) error {
		return leases.Hold(ctx, "requests", func(ctx context.Context, _ uint64, _ func() bool) error { return f.Run(ctx) })
	})
}
