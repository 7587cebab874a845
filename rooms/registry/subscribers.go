package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// SubscriberAdder stores new subscribers, at most 1,000 at once, all or none.
type SubscriberAdder interface {
	AddSubscribers(ctx context.Context, subs []rooms.Subscriber) error
}

// SubscriberReader finds subscribers.
type SubscriberReader interface {
	Subscribers(ctx context.Context, room rooms.Room, from uint64, limit int) ([]rooms.Subscriber, error)
	FindSubscribers(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error)
	FindWebhooks(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error)
	ScanSubscribers(ctx context.Context, room rooms.Room, after uint64, fn func(rooms.Subscriber) error) error
}

// SubscriberRemover erases subscribers.
type SubscriberRemover interface {
	RemoveSubscriber(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
	RemoveSubscribers(ctx context.Context, room rooms.Room) error
}

// SubscriberStore is the stream of subscribers.
type SubscriberStore interface {
	SubscriberAdder
	SubscriberReader
	SubscriberRemover
}

// Vault seals contacts, opens them, and hashes them.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
	HashAll(purpose string, parts ...string) []vault.Hash
}

// Subscribers keeps who receives a room's messages. A contact is stored sealed; its keyed hash
// is the subscriber's id, so that a person is in a room once.
type Subscribers struct {
	store SubscriberStore
	vault Vault
	now   func() time.Time
}

// chunk is how many subscribers are stored at once.
const chunk = 1000

// NewSubscribers keeps subscribers in a store.
func NewSubscribers(store SubscriberStore, v Vault) *Subscribers {
	return &Subscribers{store, v, time.Now}
}

// Add subscribes a contact to a room. created is false if he was subscribed before.
func (s *Subscribers) Add(ctx context.Context, room rooms.Room, c rooms.Contact) (sub rooms.Subscriber, created bool, err error) {
	ids := s.ids(room, c)
	if sub, err = s.seal(room, ids[0], c); err != nil {
		return rooms.Subscriber{}, false, err
	}
	for {
		found, err := s.store.FindSubscribers(ctx, room, ids)
		if err != nil {
			return rooms.Subscriber{}, false, fmt.Errorf("registry: look for a subscriber: %w", err)
		}
		if len(found) > 0 {
			return found[0], false, nil
		}
		err = s.store.AddSubscribers(ctx, []rooms.Subscriber{sub})
		if errors.Is(err, stream.ErrExists) {
			continue // somebody else was quicker: look again
		}
		if err != nil {
			return rooms.Subscriber{}, false, fmt.Errorf("registry: store a subscriber: %w", err)
		}
		return sub, true, nil
	}
}

// AddMany subscribes contacts in batches; what was stored before an error stays.
func (s *Subscribers) AddMany(ctx context.Context, room rooms.Room, contacts []rooms.Contact) (added, existing int, err error) {
	for len(contacts) > 0 {
		n := min(len(contacts), chunk)
		a, err := s.addChunk(ctx, room, contacts[:n])
		if err != nil {
			return added, existing, err
		}
		added, existing = added+a, existing+n-a
		contacts = contacts[n:]
	}
	return added, existing, nil
}

// addChunk stores those of at most 1,000 contacts who are not there yet.
func (s *Subscribers) addChunk(ctx context.Context, room rooms.Room, contacts []rooms.Contact) (added int, err error) {
	for {
		fresh, err := s.fresh(ctx, room, contacts)
		if err != nil || len(fresh) == 0 {
			return 0, err
		}
		err = s.store.AddSubscribers(ctx, fresh)
		if errors.Is(err, stream.ErrExists) {
			continue // one of them came in meanwhile: look again
		}
		if err != nil {
			return 0, fmt.Errorf("registry: store subscribers: %w", err)
		}
		return len(fresh), nil
	}
}

// fresh seals those contacts that are not subscribed, each once.
func (s *Subscribers) fresh(ctx context.Context, room rooms.Room, contacts []rooms.Contact) ([]rooms.Subscriber, error) {
	taken, err := s.taken(ctx, room, contacts)
	if err != nil {
		return nil, err
	}
	var out []rooms.Subscriber
	for _, c := range contacts {
		ids := s.ids(room, c)
		if anyOf(taken, ids) {
			continue
		}
		taken[ids[0]] = true
		sub, err := s.seal(room, ids[0], c)
		if err != nil {
			return nil, err
		}
		out = append(out, sub)
	}
	return out, nil
}

func (s *Subscribers) taken(ctx context.Context, room rooms.Room, contacts []rooms.Contact) (map[rooms.SubscriberID]bool, error) {
	var ids []rooms.SubscriberID
	for _, c := range contacts {
		ids = append(ids, s.ids(room, c)...)
	}
	found, err := s.store.FindSubscribers(ctx, room, ids)
	if err != nil {
		return nil, fmt.Errorf("registry: look for subscribers: %w", err)
	}
	taken := make(map[rooms.SubscriberID]bool, len(contacts))
	for _, sub := range found {
		taken[sub.ID] = true
	}
	return taken, nil
}

func anyOf(taken map[rooms.SubscriberID]bool, ids []rooms.SubscriberID) bool {
	for _, id := range ids {
		if taken[id] {
			return true
		}
	}
	return false
}

// ID is what a contact is known by in a room, subscribed or not; it changes with the keys.
func (s *Subscribers) ID(room rooms.Room, c rooms.Contact) rooms.SubscriberID {
	return s.ids(room, c)[0]
}

// ids are a contact's hashes in a room under every key in use, the primary first.
func (s *Subscribers) ids(room rooms.Room, c rooms.Contact) []rooms.SubscriberID {
	return idsOf(s.vault, room, c)
}

func idsOf(v Vault, room rooms.Room, c rooms.Contact) []rooms.SubscriberID {
	hashes := v.HashAll("subscriber", string(room), string(c.Channel), c.Address.Same())
	out := make([]rooms.SubscriberID, len(hashes))
	for i, h := range hashes {
		out[i] = rooms.SubscriberID(h)
	}
	return out
}

func (s *Subscribers) seal(room rooms.Room, id rooms.SubscriberID, c rooms.Contact) (rooms.Subscriber, error) {
	sealed, err := sealContact(s.vault, room, id, c)
	if err != nil {
		return rooms.Subscriber{}, err
	}
	return rooms.Subscriber{ID: id, Room: room, Channel: c.Channel, Contact: sealed, Since: s.now().UTC().Truncate(time.Millisecond)}, nil
}

func sealContact(v Vault, room rooms.Room, id rooms.SubscriberID, c rooms.Contact) ([]byte, error) {
	sealed, err := v.Seal(c.Encode(), "contact", string(room), string(id))
	if err != nil {
		return nil, fmt.Errorf("registry: seal a contact: %w", err)
	}
	return sealed, nil
}

func openContact(v Vault, s rooms.Subscriber) (rooms.Contact, error) {
	plain, err := v.Unseal(s.Contact, "contact", string(s.Room), string(s.ID))
	if err != nil {
		return rooms.Contact{}, fmt.Errorf("registry: open a contact: %w", err)
	}
	return rooms.DecodeContact(plain)
}

// List gives subscribers in the order of their subscription, contacts sealed. next is where to
// go on; 0 at the end.
func (s *Subscribers) List(ctx context.Context, room rooms.Room, after uint64, limit int) (subs []rooms.Subscriber, next uint64, err error) {
	subs, err = s.store.Subscribers(ctx, room, after+1, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("registry: list subscribers: %w", err)
	}
	if len(subs) == limit {
		next = subs[limit-1].Sequence
	}
	return subs, next, nil
}

// RemoveAll ends every subscription of a room.
func (s *Subscribers) RemoveAll(ctx context.Context, room rooms.Room) error {
	if err := s.store.RemoveSubscribers(ctx, room); err != nil {
		return fmt.Errorf("registry: remove the subscribers of a room: %w", err)
	}
	return nil
}
