package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Why an address is written to no more, since whoever has it said so.
const (
	complaint rooms.Reason = "complaint" // nothing is sent there, from whatever room
	stopped   rooms.Reason = "stopped"   // a room names it no more as a recipient
)

// Complained notes that a person has reported a message as unwanted: nothing is sent to the address for Options.Most.
func (s *Suppressions) Complained(ctx context.Context, e rooms.Endpoint, cause string) error {
	return s.end(ctx, s.ids(e), rooms.Suppression{Channel: e.Channel, Reason: complaint, Cause: cause})
}

// Stop notes that a person who is no subscriber wants nothing more of a room: for Options.Most it names him in vain. To
// subscribe later remains his to decide.
func (s *Suppressions) Stop(ctx context.Context, room rooms.Room, e rooms.Endpoint, cause string) error {
	return s.end(ctx, s.stopIDs(room, e), rooms.Suppression{Room: room, Channel: e.Channel, Reason: stopped, Cause: cause})
}

// Start takes that back. It is no error if there is nothing to take back.
func (s *Suppressions) Start(ctx context.Context, room rooms.Room, e rooms.Endpoint) error {
	one, known := s.find(s.stopIDs(room, e))
	if !known {
		return nil
	}
	return unless(s.Remove(ctx, one.ID), ErrUnknownSuppression)
}

// Stopped says whether a person who is no subscriber wants nothing more of a room, out of memory.
func (s *Suppressions) Stopped(room rooms.Room, e rooms.Endpoint) bool {
	s.mu.RLock()
	none := len(s.known) == 0
	s.mu.RUnlock()
	if none {
		return false
	}
	one, known := s.find(s.stopIDs(room, e))
	return known && one.Holds(s.now())
}

// Stops gives of which of the rooms a person who is no subscriber wants nothing more.
func (s *Suppressions) Stops(all []rooms.RoomConfig, e rooms.Endpoint) (stops []rooms.Suppression) {
	for _, room := range all {
		if one, known := s.find(s.stopIDs(room.Name, e)); known {
			one.Room = room.Name // an older version has not stored it
			stops = append(stops, one)
		}
	}
	return stops
}

func (s *Suppressions) stopIDs(room rooms.Room, e rooms.Endpoint) []rooms.SuppressionID {
	return s.hashes("stop", string(room), string(e.Channel), e.Address.Same())
}

func (s *Suppressions) end(ctx context.Context, ids []rooms.SuppressionID, wanted rooms.Suppression) error {
	for {
		one, known := s.find(ids)
		if one.Cause == wanted.Cause && one.Reason == wanted.Reason {
			return nil
		}
		if !known {
			one.ID = ids[0]
			one.Entry = s.entry(one.ID)
		}
		now := s.now().UTC().Truncate(time.Millisecond)
		one.Room, one.Channel, one.Reason, one.Cause = wanted.Room, wanted.Channel, wanted.Reason, wanted.Cause
		one.Tried, one.Since, one.Until = "", now, now.Add(s.options.Most)
		one.Times++
		if err := s.put(ctx, one); !errors.Is(err, stream.ErrRevision) {
			return err
		}
	}
}

// Leave ends the subscription of whoever a contact names in a room, if there is one, by his first contact, and of the owners,
// who may be reached by it too; it says ErrUnknownSubscriber if he is none. He is gone when it returns, on all channels.
func (s *Subscribers) Leave(ctx context.Context, room rooms.Room, e rooms.Endpoint, owners ...rooms.SubscriberID) error {
	ids := slices.DeleteFunc(slices.Clone(owners), func(id rooms.SubscriberID) bool { return id == "" })
	if !e.Address.IsZero() {
		ids = append(ids, s.ids(room, rooms.Contact{Channel: e.Channel, Address: e.Address})...)
	}
	if len(ids) == 0 {
		return ErrUnknownSubscriber
	}
	found, err := s.find(ctx, room, ids)
	if err != nil {
		return err
	}
	left := ErrUnknownSubscriber
	for _, sub := range found {
		if sub.Channel == rooms.Webhook {
			continue
		}
		switch err := s.Remove(ctx, room, sub.ID); {
		case err == nil:
			left = nil
		case !errors.Is(err, ErrUnknownSubscriber):
			return fmt.Errorf("registry: leave: %w", err)
		}
	}
	if left != nil && s.Departures != nil && slices.ContainsFunc(ids, func(id rooms.SubscriberID) bool { return s.Departures.Has(room, id) }) {
		return nil // a moment ago, perhaps by this very call, of which nobody heard the end
	}
	return left
}

// IDs are what a contact is or was known by in a room, subscribed or not: one for each key in use.
func (s *Subscribers) IDs(room rooms.Room, c rooms.Contact) []rooms.SubscriberID {
	return s.ids(room, c)
}
