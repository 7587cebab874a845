package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/callback"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
)

// replyDesk takes what people write.
func (a *App) replyDesk(c *crew, s *store, k *knowledge) *replies.Desk {
	record := a.recorder(c, s.log, "replies")
	return &replies.Desk{
		Options: a.config.Inbound, Store: s.log, Vault: s.vault, Rooms: k.rooms, Messages: conversations{k},
		People:  leavers{k, a.invitations(k, a.publisher(s, k))},
		Courier: answers{a.publisher(s, k), k.subscribers}, Publishers: a.repliedTo(s, k),
		Noted: func(what string, room rooms.Room, u rooms.UMID) {
			e := a.entry("person", what)
			e.Source = "person"
			e.IDs = map[string]string{"room": string(room)}
			if u != "" {
				e.IDs["umid"] = string(u)
			}
			record.Note(e)
		},
		Metrics: a.metrics, Log: a.log.With("part", "replies"), Now: s.broker.Now,
	}
}

// shelf is where replies lie until they are taken.
func (a *App) shelf(s *store, k *knowledge) *replies.Shelf {
	return &replies.Shelf{Store: s.log, Vault: s.vault, Messages: conversations{k}, Publishers: a.repliedTo(s, k), Log: a.log.With("part", "replies")}
}

// repliedTo stores who is to be told of a reply.
func (a *App) repliedTo(s *store, k *knowledge) callback.Collector {
	return callback.Collector{Log: s.log, Queue: s.log, Index: k.index, Vault: s.vault, Logger: a.log.With("part", "callbacks")}
}

// conversations know from the index what was sent.
type conversations struct{ *knowledge }

// recorded is an error unless all that was recorded before the call is known; while the index is begun anew, at once.
func (c conversations) recorded(ctx context.Context) error {
	if err := c.Ready(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	return c.told.wait(ctx)
}

// Message tells of one, after everything recorded so far.
func (c conversations) Message(ctx context.Context, u rooms.UMID) (rooms.Header, bool, error) {
	if err := c.recorded(ctx); err != nil {
		return rooms.Header{}, false, err
	}
	m, err := c.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		return rooms.Header{}, false, nil
	}
	return m.Header, err == nil, err
}

// Latest gives the latest messages to a contact in some rooms.
func (c conversations) Latest(ctx context.Context, in []rooms.Room, e rooms.Endpoint) (found []replies.Sent, err error) {
	if err := c.recorded(ctx); err != nil {
		return nil, err
	}
	var ids []rooms.SubscriberID
	for _, room := range in {
		ids = append(ids, c.subscribers.IDs(room, rooms.Contact{Channel: e.Channel, Address: e.Address})...)
	}
	all, err := c.index.Contacted(ids...)
	for _, one := range all {
		found = append(found, replies.Sent(one))
	}
	return found, err
}

// Recipient names whom a delivery has reached.
func (c conversations) Recipient(ctx context.Context, id rooms.DeliveryID) ([]rooms.SubscriberID, error) {
	if err := c.recorded(ctx); err != nil {
		return nil, err
	}
	return c.index.Recipient(id)
}

// Policy reads a revision of a policy.
func (c conversations) Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error) {
	return c.policies.Policy(ctx, r)
}

// leavers are let go, and asked in.
type leavers struct {
	*knowledge
	invitations *registry.Invitations
}

// Reached is where a subscriber is reached on a channel.
func (l leavers) Reached(ctx context.Context, room rooms.Room, c rooms.Channel, ids []rooms.SubscriberID) (rooms.Endpoint, error) {
	for _, id := range ids {
		if _, p, err := l.subscribers.Get(ctx, room, id); !errors.Is(err, registry.ErrUnknownSubscriber) {
			return p.Contact.At(c), err
		}
	}
	return rooms.Endpoint{}, replies.ErrNobody
}

// Leave ends a subscription.
func (l leavers) Leave(ctx context.Context, room rooms.Room, e rooms.Endpoint, owners ...rooms.SubscriberID) error {
	err := l.subscribers.Leave(ctx, room, e, owners...)
	if errors.Is(err, registry.ErrUnknownSubscriber) {
		return replies.ErrNobody
	}
	return err
}

// Stop keeps a room from naming a contact, and others from subscribing it.
func (l leavers) Stop(ctx context.Context, room rooms.Room, e rooms.Endpoint, cause string) error {
	if err := l.subscribers.StayOut(ctx, room, e); err != nil {
		return err
	}
	return l.suppressions.Stop(ctx, room, e, cause)
}

// Complained has nothing more sent to an address.
func (l leavers) Complained(ctx context.Context, e rooms.Endpoint, cause string) error {
	return l.suppressions.Complained(ctx, e, cause)
}

// Ask has somebody asked whether he wants to come in, and takes back that the room is not to name him.
func (l leavers) Ask(ctx context.Context, room rooms.RoomConfig, e rooms.Endpoint) error {
	if err := l.suppressions.Start(ctx, room.Name, e); err != nil {
		return err
	}
	_, err := l.invitations.Ask(ctx, room, rooms.Subscription{
		Contact: rooms.Contact{Channel: e.Channel, Address: e.Address},
		Consent: rooms.Consent{By: rooms.Gateway, Source: "asked by " + string(e.Channel)},
	})
	return err
}

// Confirm takes the code of somebody who was asked. A code of who was not asked costs nobody a try.
func (l leavers) Confirm(ctx context.Context, among []rooms.Room, e rooms.Endpoint, code string) (rooms.Room, error) {
	room, err := l.invitations.ConfirmAmong(ctx, among, e, code)
	if errors.Is(err, registry.ErrCode) {
		err = replies.ErrNobody
	}
	return room, err
}

// Wrote has an address be written to again that was taken for one that does not exist.
func (l leavers) Wrote(ctx context.Context, e rooms.Endpoint) error {
	return l.suppressions.Exists(ctx, e)
}

// answers are sent as messages to one named recipient, in the room that they speak for.
type answers struct {
	publisher   *publish.Publisher
	subscribers *registry.Subscribers
}

const (
	answerEvery = time.Hour // in which a contact gets one answer of a room
	answerLife  = time.Hour // after which it is of no use
)

// Answer publishes an answer. The transaction id names contact and hour, so that of several the first goes.
func (a answers) Answer(ctx context.Context, r replies.Answer) error {
	to := rooms.Contact{Channel: r.To.Channel, Address: r.To.Address}
	id := a.subscribers.ID(r.Room.Name, to)
	to.Language = a.language(ctx, r.Room.Name, id, r.To)
	said := v1.Text{Subject: cmp.Or(r.Room.Title, string(r.Room.Name)), Text: r.Text(to.Language)}
	content, err := json.Marshal(said)
	if err != nil {
		return fmt.Errorf("an answer that cannot be written: %w", err)
	}
	hour := strconv.FormatInt(r.At.Unix()/int64(answerEvery/time.Second), 10)
	_, err = a.publisher.Publish(ctx, publish.Request{
		Client: rooms.Gateway, Own: true, Room: r.Room.Name, Raw: []byte(hour), TransactionID: "answer-" + string(r.Room.Name) + "-" + string(id) + "-" + hour,
		Type: confirmation, Lane: rooms.Normal, Content: content, Direct: true, Recipients: []rooms.Contact{to}, ExpiresAt: r.At.Add(answerLife),
	})
	if errors.Is(err, publish.ErrConflict) {
		return nil
	}
	return err
}

// language is that of a subscriber; "" if nobody knows.
func (a answers) language(ctx context.Context, room rooms.Room, id rooms.SubscriberID, e rooms.Endpoint) string {
	sub, err := a.subscribers.Find(ctx, room, id, e)
	if err != nil {
		return ""
	}
	_, p, err := a.subscribers.Get(ctx, room, sub.ID)
	if err != nil {
		return ""
	}
	return p.Contact.Language
}
