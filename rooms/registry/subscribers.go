package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// SubscriberUpdater replaces the entry of a subscriber by what follows from it. stream.ErrRevision if it is another by now.
type SubscriberUpdater interface {
	UpdateSubscriber(ctx context.Context, s rooms.Subscriber) (sequence uint64, err error)
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
	SubscriberUpdater
	SubscriberRemover
	LeftStore
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
	Departures *Departures // told of whoever leaves; nil: nobody is told

	store SubscriberStore
	vault Vault
	now   func() time.Time

	search chan struct{} // holds one while a room is searched
}

// chunk is how many subscribers are stored at once.
const chunk = 1000

// NewSubscribers keeps subscribers in a store.
func NewSubscribers(store SubscriberStore, v Vault) *Subscribers {
	return &Subscribers{store: store, vault: v, now: time.Now, search: make(chan struct{}, 1)}
}

// Add subscribes a contact to a room, without a word on his consent. created is false if he was subscribed before.
func (s *Subscribers) Add(ctx context.Context, room rooms.Room, c rooms.Contact) (sub rooms.Subscriber, created bool, err error) {
	return s.Subscribe(ctx, room, rooms.Subscription{Contact: c})
}

// Subscribe makes a person an active subscriber of a room, as is said of him here, even if he waits to be approved or
// to confirm. created is false if he was active or paused before; then he stays as he is. ErrLeft if he has left, and has
// not wanted to come back since.
func (s *Subscribers) Subscribe(ctx context.Context, room rooms.Room, p rooms.Subscription) (sub rooms.Subscriber, created bool, err error) {
	for {
		sub, created, err = s.enter(ctx, room, p, func(*rooms.Subscriber) {})
		if err != nil || created || !sub.Waits() {
			return sub, created, err
		}
		if err = s.stays(ctx, room, p); err != nil {
			return sub, false, err
		}
		sub, err = s.admit(ctx, sub, p)
		if !errors.Is(err, stream.ErrRevision) {
			return sub, err == nil, err
		}
	}
}

// enter stores the entry of a person who is not there, as state says.
func (s *Subscribers) enter(ctx context.Context, room rooms.Room, p rooms.Subscription, state func(*rooms.Subscriber)) (sub rooms.Subscriber, created bool, err error) {
	ids := s.ids(room, p.Contact)
	if sub, err = s.seal(room, ids[0], p); err != nil {
		return rooms.Subscriber{}, false, err
	}
	state(&sub)
	for {
		found, err := s.store.FindSubscribers(ctx, room, ids)
		if err != nil {
			return rooms.Subscriber{}, false, fmt.Errorf("registry: look for a subscriber: %w", err)
		}
		if len(found) > 0 {
			return found[0], false, nil
		}
		if !sub.Waits() { // who waits is asked himself
			if err := s.stays(ctx, room, p); err != nil {
				return rooms.Subscriber{}, false, err
			}
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

// Sums say what became of people who were to subscribe.
type Sums struct {
	Added    int
	Existing int // were there before, and stay as they are
	Left     int // have left, and stay out
}

// AddMany subscribes contacts as SubscribeMany does people.
func (s *Subscribers) AddMany(ctx context.Context, room rooms.Room, contacts []rooms.Contact) (added, existing int, err error) {
	people := make([]rooms.Subscription, len(contacts))
	for i, c := range contacts {
		people[i].Contact = c
	}
	sums, err := s.SubscribeMany(ctx, room, people)
	return sums.Added, sums.Existing, err
}

// SubscribeMany subscribes people in batches; what was stored before an error stays.
func (s *Subscribers) SubscribeMany(ctx context.Context, room rooms.Room, people []rooms.Subscription) (sums Sums, err error) {
	for part := range slices.Chunk(people, chunk) {
		one, err := s.addChunk(ctx, room, part)
		sums.Added, sums.Left = sums.Added+one.Added, sums.Left+one.Left
		if err != nil {
			return sums, err
		}
		sums.Existing += len(part) - one.Added - one.Left
	}
	return sums, nil
}

// addChunk stores those of at most 1,000 people who are not there yet, and admits those who wait, but nobody who has left.
func (s *Subscribers) addChunk(ctx context.Context, room rooms.Room, people []rooms.Subscription) (sums Sums, err error) {
	for {
		fresh, waiting, err := s.fresh(ctx, room, people)
		if err != nil {
			return sums, err
		}
		if fresh, waiting, sums.Left, err = s.willing(ctx, room, fresh, waiting); err != nil {
			return sums, err
		}
		admitted, err := s.admitAll(ctx, waiting)
		sums.Added += admitted
		if err == nil {
			err = s.storeFresh(ctx, fresh)
		}
		if errors.Is(err, stream.ErrExists) || errors.Is(err, stream.ErrRevision) {
			continue // one of them came in or changed meanwhile: look again
		}
		if err != nil {
			return sums, fmt.Errorf("registry: store subscribers: %w", err)
		}
		sums.Added += len(fresh)
		return sums, nil
	}
}

func (s *Subscribers) storeFresh(ctx context.Context, fresh []candidate) error {
	subs := make([]rooms.Subscriber, len(fresh))
	for i, one := range fresh {
		subs[i] = one.sub
	}
	return s.store.AddSubscribers(ctx, subs)
}

// fresh seals those people who are not subscribed, each once, and gives those who wait.
func (s *Subscribers) fresh(ctx context.Context, room rooms.Room, people []rooms.Subscription) (out, waiting []candidate, err error) {
	ids := make([][]rooms.SubscriberID, len(people))
	for i, p := range people {
		ids[i] = s.ids(room, p.Contact)
	}
	known, err := s.known(ctx, room, slices.Concat(ids...))
	if err != nil {
		return nil, nil, err
	}
	for i, p := range people {
		if there, ok := anyOf(known, ids[i]); ok {
			if there.Waits() {
				waiting = append(waiting, candidate{there, p})
				there.State = rooms.SubscriberActive
				known[there.ID] = there
			}
			continue
		}
		sub, err := s.seal(room, ids[i][0], p)
		if err != nil {
			return nil, nil, err
		}
		known[sub.ID] = sub
		out = append(out, candidate{sub, p})
	}
	return out, waiting, nil
}

func (s *Subscribers) known(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) (map[rooms.SubscriberID]rooms.Subscriber, error) {
	found, err := s.store.FindSubscribers(ctx, room, ids)
	if err != nil {
		return nil, fmt.Errorf("registry: look for subscribers: %w", err)
	}
	known := make(map[rooms.SubscriberID]rooms.Subscriber, len(ids))
	for _, sub := range found {
		known[sub.ID] = sub
	}
	return known, nil
}

func anyOf(known map[rooms.SubscriberID]rooms.Subscriber, ids []rooms.SubscriberID) (sub rooms.Subscriber, ok bool) {
	for _, id := range ids {
		if sub, ok = known[id]; ok {
			return sub, true
		}
	}
	return sub, false
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

// seal makes the entry of a person who subscribes now.
func (s *Subscribers) seal(room rooms.Room, id rooms.SubscriberID, p rooms.Subscription) (rooms.Subscriber, error) {
	sub := rooms.Subscriber{ID: id, Room: room, Channel: p.Contact.Channel, Since: s.moment()}
	err := sealPerson(s.vault, &sub, p) // before sub is read: the order within a return is not fixed
	return sub, err
}

func (s *Subscribers) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// sealPerson puts what is known of a person into his entry.
func sealPerson(v Vault, sub *rooms.Subscriber, p rooms.Subscription) (err error) {
	if sub.Contact, err = sealContact(v, sub.Room, sub.ID, p.Contact); err != nil {
		return err
	}
	sub.Consent = nil
	if p.Consent == (rooms.Consent{}) {
		return nil
	}
	if sub.Consent, err = v.Seal(p.Consent.Encode(), "consent", string(sub.Room), string(sub.ID)); err != nil {
		return fmt.Errorf("registry: seal a consent: %w", err)
	}
	return nil
}

// openPerson reads what sealPerson has put there.
func openPerson(v Vault, sub rooms.Subscriber) (p rooms.Subscription, err error) {
	if p.Contact, err = openContact(v, sub); err != nil || len(sub.Consent) == 0 {
		return p, err
	}
	plain, err := v.Unseal(sub.Consent, "consent", string(sub.Room), string(sub.ID))
	if err != nil {
		return p, fmt.Errorf("registry: open a consent: %w", err)
	}
	p.Consent, err = rooms.DecodeConsent(plain)
	return p, err
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

// RemoveAll ends every subscription of a room, and forgets who has left it.
func (s *Subscribers) RemoveAll(ctx context.Context, room rooms.Room) error {
	if err := s.store.RemoveSubscribers(ctx, room); err != nil {
		return fmt.Errorf("registry: remove the subscribers of a room: %w", err)
	}
	if err := s.store.RemoveLeft(ctx, room); err != nil {
		return fmt.Errorf("registry: forget who has left a room: %w", err)
	}
	return nil
}
