package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/watch"
)

// startOperators tells operators what needs a person, if there is a room for it. Each node says what is its own matter, and one
// for all what is everybody's.
func (a *App) startOperators(c *crew, s *store, k *knowledge, leases *lease.Leases) {
	if a.config.Operators.Room == "" {
		return
	}
	room := operatorRoom{rooms.Room(a.config.Operators.Room), k.rooms, k.subscribers, a.publisher(s, k)}
	sight := sight{app: a, store: s, know: k, options: a.config.Operators}
	watching := func(looks []watch.Look) *watch.Watch {
		looks = slices.DeleteFunc(looks, func(l watch.Look) bool { return slices.Contains(a.config.Operators.Except, l.Kind) })
		return &watch.Watch{Looks: looks, Teller: room, Options: a.config.Operators.Options, Now: s.broker.Now, Log: a.log.With("part", "operators")}
	}
	c.run("operators of the node", watching(sight.ofNode()).Run)
	all, lost := watching(sight.ofAll()), time.Now()
	c.run("operators", func(ctx context.Context) error {
		return leases.Hold(ctx, "operators", func(ctx context.Context, _ uint64, _ func() bool) error {
			if time.Since(lost) >= a.config.Operators.After { // another node may have said what began and what is over
				all = watching(sight.ofAll())
			}
			defer func() { lost = time.Now() }()
			if err := room.open(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("the room of the operators cannot be made; the first alert makes it", "error", err)
			}
			return all.Run(ctx)
		})
	})
}

// operatorRoom tells whoever has subscribed to a room.
type operatorRoom struct {
	name        rooms.Room
	rooms       *registry.Rooms
	subscribers *registry.Subscribers
	publisher   *publish.Publisher
}

// errNobodyHears says that an alert would reach nobody: it waits until somebody hears it.
var errNobodyHears = errors.New("nobody has subscribed to the room of the operators: crier subscribe add ROOM CONTACT")

// alertLife is how long an alert is worth sending.
const alertLife = 24 * time.Hour

// open makes the room if it is not there. It has no admins of its own: platform admins say who hears it.
func (o operatorRoom) open(ctx context.Context) error {
	_, err := o.rooms.Get(ctx, o.name)
	if errors.Is(err, registry.ErrUnknownRoom) {
		_, err = o.rooms.Create(ctx, rooms.RoomConfig{Name: o.name, Title: "Operators"})
	}
	if errors.Is(err, registry.ErrExists) {
		return nil
	}
	return err
}

// heard says whether there is anybody in the room: a subscriber, or an application that may read it.
func (o operatorRoom) heard(ctx context.Context) error {
	room, err := o.rooms.Get(ctx, o.name)
	if err != nil || len(room.Readers) > 0 || len(room.Admins) > 0 {
		return err
	}
	for from := uint64(0); ; {
		some, next, err := o.subscribers.List(ctx, o.name, from, 100)
		if err != nil || slices.ContainsFunc(some, func(s rooms.Subscriber) bool { return s.Receives(o.publisher.Now()) }) {
			return err
		}
		if next == 0 {
			return fmt.Errorf("%w (ROOM is %s)", errNobodyHears, o.name)
		}
		from = next
	}
}

// Tell publishes an alert, if there is anybody to hear it.
func (o operatorRoom) Tell(ctx context.Context, a watch.Alert) (before bool, err error) {
	if err := o.open(ctx); err != nil {
		return false, err
	}
	if err := o.heard(ctx); err != nil {
		return false, err
	}
	content, err := json.Marshal(v1.Text{Subject: a.Title, Text: a.Text})
	if err != nil {
		return false, fmt.Errorf("an alert that cannot be written: %w", err)
	}
	r, err := o.publisher.Publish(ctx, publish.Request{
		Client: rooms.Gateway, Own: true, Room: o.name, Raw: []byte(a.ID), TransactionID: a.ID, Type: rooms.OperatorAlert, Lane: rooms.Normal,
		Content: content, ExpiresAt: o.publisher.Now().Add(alertLife),
	})
	if errors.Is(err, publish.ErrConflict) { // it was said under a key that has gone
		return true, nil
	}
	return r.Duplicate, err
}

// sight sees what needs a person.
type sight struct {
	app     *App
	store   *store
	know    *knowledge
	options config.Operators
}

// ofNode looks at what is this node's own matter.
func (s sight) ofNode() []watch.Look {
	return []watch.Look{
		{Kind: config.OfProvider, See: s.deadProviders},
		{Kind: config.OfFailed, See: s.failingProviders},
		{Kind: config.OfDisk, See: s.disk},
		{Kind: config.OfCertificate, See: s.certificate},
		{Kind: config.OfIssuer, See: s.issuer},
	}
}

// ofAll looks at what is the same on all nodes.
func (s sight) ofAll() []watch.Look {
	looks := []watch.Look{
		{Kind: config.OfDrained, After: s.options.Drained, See: s.drainedProviders},
		{Kind: config.OfQueue, See: s.queues},
		{Kind: config.OfParked, See: s.parked},
		{Kind: config.OfHeld, See: s.held},
		{Kind: config.OfUnmatched, See: s.unmatched},
	}
	if s.app.config.Broker.Topology != broker.Single {
		looks = append(looks, watch.Look{Kind: config.OfNode, See: s.nodes})
	}
	return looks
}
