package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Get gives a subscriber with what is known of him, or says ErrUnknownSubscriber.
func (s *Subscribers) Get(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error) {
	sub, err := s.one(ctx, room, id)
	if err != nil {
		return sub, rooms.Subscription{}, err
	}
	p, err := openPerson(s.vault, sub)
	return sub, p, err
}

// one finds a person by the id that he has, or had while his entry was moved to the present keys.
func (s *Subscribers) one(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, error) {
	ids, err := s.namesOf(ctx, room, id)
	if err == nil {
		var found []rooms.Subscriber
		if found, err = s.store.FindSubscribers(ctx, room, ids); err == nil && len(found) > 0 {
			return found[0], nil
		}
	}
	if err != nil {
		return rooms.Subscriber{}, fmt.Errorf("registry: look for a subscriber: %w", err)
	}
	return rooms.Subscriber{}, ErrUnknownSubscriber
}

// Change is what is to become of a subscriber. It may refuse, and may be asked again if somebody was quicker.
type Change func(sub *rooms.Subscriber, p *rooms.Subscription) error

// Update changes a subscriber. If entry is not 0 and his entry another one by now it says ErrRevision; else the last
// one who changes something wins. The first contact, which names him, stays.
func (s *Subscribers) Update(ctx context.Context, room rooms.Room, id rooms.SubscriberID, entry uint64, change Change) (rooms.Subscriber, rooms.Subscription, error) {
	for {
		sub, p, err := s.Get(ctx, room, id)
		if err != nil {
			return sub, p, err
		}
		if entry != 0 && entry != sub.Sequence {
			return sub, p, ErrRevision
		}
		first := rooms.Endpoint{Channel: p.Contact.Channel, Address: p.Contact.Address}
		if err := change(&sub, &p); err != nil {
			return sub, p, err
		}
		p.Contact.Channel, p.Contact.Address = first.Channel, first.Address
		sub, err = s.replace(ctx, sub, p)
		if errors.Is(err, stream.ErrRevision) {
			continue
		}
		return sub, p, err
	}
}

// replace stores what a subscriber has become in the place of his entry, and says whose place that is: his former id
// stays on it as long as it is another one.
func (s *Subscribers) replace(ctx context.Context, sub rooms.Subscriber, p rooms.Subscription) (rooms.Subscriber, error) {
	if err := sealPerson(s.vault, &sub, p); err != nil {
		return sub, err
	}
	if sub.Was == "" {
		sub.Was = sub.ID
	}
	sub.Origin = sub.Sequence
	sequence, err := s.store.UpdateSubscriber(ctx, sub)
	if err != nil {
		return sub, fmt.Errorf("registry: change a subscriber: %w", err)
	}
	sub.Sequence = sequence
	return sub, nil
}

// Pause keeps a room's messages from a subscriber until a time, or until he is resumed if that is zero.
func (s *Subscribers) Pause(ctx context.Context, room rooms.Room, id rooms.SubscriberID, until time.Time) (rooms.Subscriber, rooms.Subscription, error) {
	return s.Update(ctx, room, id, 0, func(sub *rooms.Subscriber, _ *rooms.Subscription) error {
		if sub.State != rooms.SubscriberActive && sub.State != rooms.SubscriberPaused {
			return ErrSubscriberState
		}
		if err := s.depart(ctx, room, sub.ID, sub.Was); err != nil {
			return err
		}
		sub.State, sub.Until = rooms.SubscriberPaused, until.UTC().Truncate(time.Millisecond)
		return nil
	})
}

// depart makes known, before it happens, that ids are about to get nothing more of a room.
func (s *Subscribers) depart(ctx context.Context, room rooms.Room, ids ...rooms.SubscriberID) error {
	if s.Departures == nil {
		return nil
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		if err := s.Departures.Note(ctx, room, id); err != nil {
			return err
		}
	}
	return nil
}

// Resume ends a pause.
func (s *Subscribers) Resume(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error) {
	return s.Update(ctx, room, id, 0, func(sub *rooms.Subscriber, _ *rooms.Subscription) error {
		if sub.State != rooms.SubscriberActive && sub.State != rooms.SubscriberPaused {
			return ErrSubscriberState
		}
		sub.State, sub.Until = rooms.SubscriberActive, time.Time{}
		return nil
	})
}
