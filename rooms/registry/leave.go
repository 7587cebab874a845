package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// Subscribed says whether a person is in a room and to be written to: whoever had the id when his message was planned,
// and may have another one since, as keys change.
func (s *Subscribers) Subscribed(ctx context.Context, room rooms.Room, id rooms.SubscriberID, c rooms.Contact) (now rooms.Contact, here bool, err error) {
	found, err := s.find(ctx, room, append(s.ids(room, c), id))
	here = slices.ContainsFunc(found, func(one rooms.Subscriber) bool { return one.Receives(s.now()) })
	return c, here, err
}

// find gives the entries that a person has. None is believed the second time only: an entry that
// is being moved may be missed once, as it is not there yet, nor here any more.
func (s *Subscribers) find(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) (found []rooms.Subscriber, err error) {
	for range 2 {
		if found, err = s.look(ctx, room, ids); err != nil {
			return nil, fmt.Errorf("registry: look for a subscriber: %w", err)
		}
		if len(found) > 0 {
			break
		}
	}
	return found, nil
}

// look finds people, or else webhooks.
func (s *Subscribers) look(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error) {
	found, err := s.store.FindSubscribers(ctx, room, ids)
	if err != nil || len(found) > 0 {
		return found, err
	}
	return s.store.FindWebhooks(ctx, room, ids)
}

// Find gives the entry of the person that a link names: by his contact, whatever keys have changed, if the link has it,
// or else by the id of then. It says ErrUnknownSubscriber if he is gone, and ErrLink if he may be there under an id that
// does not follow from the link.
func (s *Subscribers) Find(ctx context.Context, room rooms.Room, id rooms.SubscriberID, at rooms.Endpoint) (rooms.Subscriber, error) {
	if at.Address.IsZero() {
		sub, err := s.one(ctx, room, id)
		if errors.Is(err, ErrUnknownSubscriber) && !s.lately(id) {
			return sub, ErrLink
		}
		return sub, err
	}
	found, err := s.find(ctx, room, append(s.ids(room, rooms.Contact{Channel: at.Channel, Address: at.Address}), id))
	if err != nil {
		return rooms.Subscriber{}, err
	}
	if len(found) == 0 {
		return rooms.Subscriber{}, ErrUnknownSubscriber
	}
	return found[0], nil
}

// Remove ends a subscription and erases the contact, or says ErrUnknownSubscriber; that the person has left stays known. While
// keys change a person may stand under two ids: then both entries go, whichever of the ids is named,
// and one that has got another id is found by the former.
func (s *Subscribers) Remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	return s.remove(ctx, room, id, s.noteLeft)
}

// remove ends a subscription; of each entry note is told before it goes.
func (s *Subscribers) remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID, note func(context.Context, rooms.Subscriber) error) error {
	ids, err := s.namesOf(ctx, room, id)
	if err != nil {
		return fmt.Errorf("registry: look for a subscriber: %w", err)
	}
	if err := s.depart(ctx, room, ids...); err != nil {
		return err
	}
	removed := false
	for {
		found, err := s.find(ctx, room, ids)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, sub := range found {
			if err := note(ctx, sub); err != nil {
				return err
			}
			if err := s.store.RemoveSubscriber(ctx, room, sub.ID); err != nil && !errors.Is(err, stream.ErrGone) {
				return fmt.Errorf("registry: remove a subscriber: %w", err)
			}
			removed = true
		}
	}
	if !removed {
		return ErrUnknownSubscriber
	}
	return nil
}

// namesOf gives the ids that the person with an id may have now: the id alone while there is one
// key, or if nobody has it. Of the searches through a room there is one at a time.
func (s *Subscribers) namesOf(ctx context.Context, room rooms.Room, id rooms.SubscriberID) ([]rooms.SubscriberID, error) {
	ids, err := s.namesOfFound(ctx, room, id)
	if err != nil || len(ids) > 1 || !s.formerly(id) {
		return ids, err
	}
	select {
	case s.search <- struct{}{}:
		defer func() { <-s.search }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	err = s.store.ScanSubscribers(ctx, room, 0, func(sub rooms.Subscriber) error {
		if sub.Was == id {
			ids = append(ids, sub.ID)
		}
		return nil
	})
	return ids, err
}

func (s *Subscribers) namesOfFound(ctx context.Context, room rooms.Room, id rooms.SubscriberID) ([]rooms.SubscriberID, error) {
	ids := []rooms.SubscriberID{id}
	found, err := s.look(ctx, room, ids)
	if err != nil || len(found) == 0 {
		return ids, err
	}
	if c, err := openContact(s.vault, found[0]); err == nil { // one that cannot be opened can be removed all the same
		for _, other := range s.ids(room, c) {
			if other != id {
				ids = append(ids, other)
			}
		}
	}
	return ids, nil
}

// formerly says whether an id was made with a key that is not the one for new ids, but in use.
func (s *Subscribers) formerly(id rooms.SubscriberID) bool {
	by, ok := vault.Hash(id).Key()
	for i, h := range s.vault.HashAll("") {
		if key, _ := h.Key(); ok && key == by {
			return i > 0
		}
	}
	return false
}

// lately says whether an id was made with the key for new ids.
func (s *Subscribers) lately(id rooms.SubscriberID) bool {
	by, ok := vault.Hash(id).Key()
	now, known := s.vault.HashAll("")[0].Key()
	return ok && known && by == now
}
