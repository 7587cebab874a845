package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// MoveStore is what re-keying needs of the stream of subscribers.
type MoveStore interface {
	SubscriberReader
	MoveSubscribers(ctx context.Context, subs []rooms.Subscriber) error
	EraseSubscriber(ctx context.Context, sequence uint64) error
	LeftScanner
}

// Ring is a vault that says which keys it holds.
type Ring interface {
	Vault
	Keys() []vault.Key
}

// RoomLister knows all rooms.
type RoomLister interface {
	List(ctx context.Context) ([]rooms.RoomConfig, error)
}

// Rekeyer moves subscribers to the primary keys. A subscriber whose id was made with another key
// gets a new one; whose contact was sealed with another, that is sealed anew.
//
// The new entry is stored on condition that the old one still stands, and only then is the old one
// erased. So nobody is lost, and nobody who leaves meanwhile comes back; between the two steps a
// person stands there twice, and the new entry says so (rooms.Subscriber.Origin), so that the
// planner takes him once. A pass that was cut short goes on with the next one, and two that run
// at once do no more harm than one that is repeated.
type Rekeyer struct {
	Store MoveStore
	Ring  Ring
	Rooms RoomLister
	Log   *slog.Logger
	// Clients are sealed anew as well; nil for none.
	Clients ClientMover
	// Policies are sealed anew as well; nil for none.
	Policies PolicyMover
	// APIKeys count too, and are moved when they are used, since nobody else knows them; nil for none.
	APIKeys interface {
		Uses(ctx context.Context) (Uses, error)
	}
}

// ClientMover is what re-keying needs of the entries of clients.
type ClientMover interface {
	Clients(ctx context.Context) ([]stream.ClientEntry, error)
	PutClient(ctx context.Context, e stream.ClientEntry) error
}

// Uses counts the subscribers, clients, policies and API keys that need a key, by its id.
type Uses map[uint32]int

// moveAtOnce is how many subscribers are moved in one step.
const moveAtOnce = 250

// Pass goes through the subscribers of all rooms once. It gives the use of every key that is
// enabled, as it is afterwards; while others subscribe and leave that is about right.
func (k *Rekeyer) Pass(ctx context.Context) (Uses, error) {
	all, err := k.Rooms.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("registry: list the rooms: %w", err)
	}
	p := pass{Rekeyer: k, uses: Uses{}}
	for _, key := range k.Ring.Keys() {
		if key.Enabled {
			p.uses[key.ID] = 0
		}
		if key.Primary && key.Kind == vault.AEAD {
			p.seals = key.ID
		}
		if key.Primary && key.Kind == vault.Hashing {
			p.hashes = key.ID
		}
	}
	for _, room := range all {
		if err := p.room(ctx, room.Name); err != nil {
			return nil, err
		}
	}
	if k.Clients != nil {
		if err := p.clients(ctx); err != nil {
			return nil, err
		}
	}
	if k.Policies != nil {
		if err := p.policies(ctx); err != nil {
			return nil, err
		}
	}
	if k.APIKeys != nil {
		uses, err := k.APIKeys.Uses(ctx)
		if err != nil {
			return nil, err
		}
		for id, n := range uses {
			p.uses[id] += n
		}
	}
	if p.unreadable > 0 {
		k.Log.Error("subscribers cannot be moved to the new keys: their contacts cannot be opened", "subscribers", p.unreadable, "error", p.why)
	}
	return p.uses, nil
}

// pass is one pass, under the keys that were primary when it began.
type pass struct {
	*Rekeyer
	seals, hashes uint32
	uses          Uses
	waiting       []rooms.Subscriber
	unreadable    int
	why           error // of the last one
}

// room goes through a room in the order of the log. What it moves comes to stand behind its end.
func (p *pass) room(ctx context.Context, room rooms.Room) error {
	err := p.Store.ScanSubscribers(ctx, room, 0, func(s rooms.Subscriber) error {
		sealed, hashed := keysOf(s)
		if sealed == p.seals && hashed == p.hashes {
			p.count(sealed, hashed)
			return nil
		}
		p.waiting = append(p.waiting, s)
		if len(p.waiting) < moveAtOnce {
			return nil
		}
		return p.move(ctx)
	})
	if err != nil {
		return fmt.Errorf("registry: read the subscribers: %w", err)
	}
	return p.move(ctx)
}

func keysOf(s rooms.Subscriber) (sealed, hashed uint32) {
	sealed, _ = vault.SealedBy(s.Contact)
	hashed, _ = vault.Hash(s.ID).Key()
	return sealed, hashed
}

func (p *pass) count(sealed, hashed uint32) {
	p.uses[sealed]++
	p.uses[hashed]++
}

func (p *pass) countAll(subs []rooms.Subscriber) {
	for _, s := range subs {
		p.count(keysOf(s))
	}
}

// clients seals anew where clients are told. One that is changed meanwhile is sealed by that.
func (p *pass) clients(ctx context.Context) error {
	all, err := p.Clients.Clients(ctx)
	if err != nil {
		return fmt.Errorf("registry: read the clients: %w", err)
	}
	for _, e := range all {
		by, _ := vault.SealedBy(e.Callback)
		if by != p.seals {
			if by, err = p.client(ctx, e, by); err != nil {
				return err
			}
		}
		p.uses[by]++
	}
	return nil
}

// client gives the key under which the entry is sealed now.
func (p *pass) client(ctx context.Context, e stream.ClientEntry, by uint32) (uint32, error) {
	plain, err := p.Ring.Unseal(e.Callback, "client", string(e.Client))
	if err == nil {
		e.Callback, err = p.Ring.Seal(plain, "client", string(e.Client))
	}
	if err != nil {
		p.unreadable, p.why = p.unreadable+1, err
		return by, nil
	}
	if err := p.Clients.PutClient(ctx, e); err != nil && !errors.Is(err, stream.ErrRevision) {
		return by, wrapMove(err)
	}
	return p.seals, nil
}

// move moves those who wait for it.
func (p *pass) move(ctx context.Context) error {
	old := p.waiting
	p.waiting = nil
	var next []rooms.Subscriber
	for _, s := range old {
		moved, err := p.renew(s)
		if err != nil {
			p.unreadable, p.why = p.unreadable+1, err
			p.count(keysOf(s))
			continue
		}
		next = append(next, moved)
	}
	if len(next) == 0 {
		return nil
	}
	next, err := p.store(ctx, next)
	if err != nil {
		return err
	}
	return p.erase(ctx, next)
}

// renew makes the entry that takes the place of an old one.
func (p *pass) renew(s rooms.Subscriber) (rooms.Subscriber, error) {
	person, err := openPerson(p.Ring, s)
	if err != nil {
		return s, err
	}
	next := s
	next.ID, next.Was, next.Origin = idsOf(p.Ring, s.Room, person.Contact)[0], s.ID, s.Sequence
	err = sealPerson(p.Ring, &next, person)
	return next, err
}

// store puts new entries in, all at once, or, if one of the old ones has changed meanwhile, one by
// one. It gives those whose old entries are to go.
func (p *pass) store(ctx context.Context, next []rooms.Subscriber) (stored []rooms.Subscriber, err error) {
	next, there, err := p.split(ctx, next)
	if err != nil {
		return nil, err
	}
	err = p.Store.MoveSubscribers(ctx, next)
	if err == nil {
		p.countAll(next)
		return append(there, next...), nil
	}
	if !errors.Is(err, stream.ErrExists) {
		return nil, wrapMove(err)
	}
	for _, s := range next {
		err := p.Store.MoveSubscribers(ctx, []rooms.Subscriber{s})
		if errors.Is(err, stream.ErrExists) {
			continue // he has left, or his entry has been moved already
		}
		if err != nil {
			return nil, wrapMove(err)
		}
		p.countAll([]rooms.Subscriber{s})
		there = append(there, s)
	}
	return there, nil
}

// split tells new entries from those that are there already, after a move that was cut short, or
// since the person subscribed again under the new key.
func (p *pass) split(ctx context.Context, all []rooms.Subscriber) (next, there []rooms.Subscriber, err error) {
	found, err := p.found(ctx, all)
	if err != nil {
		return nil, nil, wrapMove(err)
	}
	known := make(map[rooms.SubscriberID]bool, len(found))
	for _, s := range found {
		known[s.ID] = true
	}
	for _, s := range all {
		if known[s.ID] && s.ID != s.Was {
			there = append(there, s)
		} else {
			next = append(next, s)
		}
	}
	return next, there, nil
}

// found are the entries of one room that stand under the ids of those given.
func (p *pass) found(ctx context.Context, all []rooms.Subscriber) ([]rooms.Subscriber, error) {
	var people, hooks []rooms.SubscriberID
	for _, s := range all {
		if s.Channel == rooms.Webhook {
			hooks = append(hooks, s.ID)
		} else {
			people = append(people, s.ID)
		}
	}
	found, err := p.Store.FindSubscribers(ctx, all[0].Room, people)
	if err != nil {
		return nil, err
	}
	more, err := p.Store.FindWebhooks(ctx, all[0].Room, hooks)
	return append(found, more...), err
}

// erase takes away the old entries of those who have new ones. One that is sealed anew under the
// same id has replaced the old one already.
func (p *pass) erase(ctx context.Context, moved []rooms.Subscriber) error {
	for _, s := range moved {
		if s.ID == s.Was {
			continue
		}
		if err := p.Store.EraseSubscriber(ctx, s.Origin); err != nil && !errors.Is(err, stream.ErrGone) {
			return wrapMove(err)
		}
	}
	return nil
}

func wrapMove(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("registry: move subscribers: %w", err)
}
