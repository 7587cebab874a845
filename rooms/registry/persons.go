package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// WaitingStore is where deliveries wait.
type WaitingStore interface {
	ScanJobs(ctx context.Context, lane rooms.Lane, from uint64, limit int, fn func(sequence uint64, j rooms.Job) error) (next uint64, err error)
	EraseJob(ctx context.Context, lane rooms.Lane, sequence uint64) error
	ParkedStore
}

// ParkedStore is where those wait that have been tried, or whose messages are paused. Record writes down what became of a delivery.
type ParkedStore interface {
	ScanParked(ctx context.Context, fn func(j rooms.Job, erase func(context.Context) error) error) error
	Record(ctx context.Context, events ...rooms.Event) error
}

// Persons finds what is kept of a person, over all rooms, by any contact of his: all subscribers are opened one by one,
// for only the first contact can be looked up. It finds and erases the subscriptions, the deliveries that wait and what he has written from there. That an
// address takes nothing stays, as a keyed hash, and so does which rooms it has left; recipients that a message names, and copies of an
// e-mail, go with its body or its delivery to others, and until then a keyed hash keeps it from being sent to him.
type Persons struct {
	Subscribers  *Subscribers
	Rooms        RoomLister
	Waiting      WaitingStore
	Suppressions *Suppressions
	Written      WrittenStore  // what people have written; nil: nothing is kept
	Held         HeldStore     // messages that wait; nil: none do
	Remember     time.Duration // how long a message that is sent once may wait that was accepted before somebody was erased, at most
	Delivery     time.Duration // how long of this its deliveries may take
	Compact      Compactor     // of RAFT logs; nil: there are none
	Log          *slog.Logger
}

// Compactor has the RAFT logs of all nodes forget what has been erased, and fails where that cannot be said of all.
type Compactor interface {
	Compact(ctx context.Context, streams ...string) error
}

// PersonData is what is kept of a person.
type PersonData struct {
	Subscriptions []Found
	Waiting       []Waiting
	Held          []HeldFor
	ErasedAt      time.Time // when he was erased last, if that is remembered
	Compacted     bool      // by Erase: the RAFT logs of all nodes have forgotten him
	Suppression   *rooms.Suppression
	Replies       []Written
	Stops         []rooms.Suppression // of rooms that name him no more, since he said so
	Left          []rooms.Room        // which he has left, and where he is not
}

// Found is a subscription with what it says in the clear.
type Found struct {
	rooms.Subscriber
	Subscription rooms.Subscription
}

// Waiting is a delivery that waits.
type Waiting struct {
	rooms.Job
	copy  bool // he only gets a copy
	erase func(ctx context.Context) error
}

const (
	lookedAtOnce  = 1000   // jobs of a queue
	progressEvery = 100000 // subscribers between two lines that say how far it is
)

// Export finds what is kept of who is reached there.
func (p *Persons) Export(ctx context.Context, at rooms.Endpoint) (data PersonData, err error) {
	all, err := p.Rooms.List(ctx)
	if err != nil {
		return data, fmt.Errorf("registry: list the rooms: %w", err)
	}
	looked, unread := 0, 0
	for _, room := range all {
		err := p.Subscribers.store.ScanSubscribers(ctx, room.Name, 0, func(sub rooms.Subscriber) error {
			if looked++; looked%progressEvery == 0 {
				p.Log.Info("a person is looked for", "subscribers", looked)
			}
			if sub.Channel == rooms.Webhook {
				return ctx.Err()
			}
			c, err := openContact(p.Subscribers.vault, sub)
			if err != nil {
				unread++
			} else if c.Has(at) {
				data.Subscriptions = append(data.Subscriptions, Found{Subscriber: sub, Subscription: rooms.Subscription{Contact: c}})
			}
			return ctx.Err()
		})
		if err != nil {
			return data, fmt.Errorf("registry: look through the subscribers: %w", err)
		}
	}
	for i, f := range data.Subscriptions {
		if data.Subscriptions[i].Subscription, err = openPerson(p.Subscribers.vault, f.Subscriber); err != nil {
			return data, err
		}
	}
	if unread > 0 {
		p.Log.Error("contacts that cannot be opened were not looked at", "subscribers", unread)
	}
	if data.Waiting, err = p.waiting(ctx, at); err != nil {
		return data, err
	}
	if data.Held, err = p.held(ctx, at); err != nil {
		return data, err
	}
	if data.Replies, err = p.written(ctx, at); err != nil {
		return data, err
	}
	data.ErasedAt = p.Suppressions.ErasedAt(at)
	if one, err := p.Suppressions.Find(at); err == nil {
		data.Suppression = &one
	}
	data.Stops = p.Suppressions.Stops(all, at)
	for _, room := range all {
		left, err := p.left(ctx, room.Name, at, data.Subscriptions)
		if err != nil {
			return data, err
		}
		if left {
			data.Left = append(data.Left, room.Name)
		}
	}
	return data, nil
}

// left says whether a person has left a room, and is not there again.
func (p *Persons) left(ctx context.Context, room rooms.Room, at rooms.Endpoint, in []Found) (bool, error) {
	if slices.ContainsFunc(in, func(f Found) bool { return f.Room == room && !f.Waits() }) {
		return false, nil
	}
	found, err := p.Subscribers.store.FindLeft(ctx, room, p.Subscribers.ids(room, rooms.Contact{Channel: at.Channel, Address: at.Address}))
	if err != nil {
		return false, fmt.Errorf("registry: look for what a person has left: %w", err)
	}
	return len(found) > 0, nil
}

// waiting finds the deliveries to a person, also as a copy, that wait in a queue or for a later attempt.
func (p *Persons) waiting(ctx context.Context, at rooms.Endpoint) (all []Waiting, err error) {
	add := func(j rooms.Job, erase func(context.Context) error) {
		plain, err := p.Subscribers.vault.Unseal(j.Contact, "contact", string(j.Room), j.Owner)
		if err != nil {
			return // it is not sent either
		}
		c, err := rooms.DecodeContact(plain)
		switch {
		case err != nil:
		case c.Has(at):
			all = append(all, Waiting{j, false, erase})
		case hasCopy(c, at) && !p.Suppressions.Erased(at, j.UMID.Time()):
			all = append(all, Waiting{j, true, erase})
		}
	}
	for _, lane := range rooms.Lanes() {
		for from, more := uint64(1), true; more; {
			from, err = p.Waiting.ScanJobs(ctx, lane, from, lookedAtOnce, func(sequence uint64, j rooms.Job) error {
				add(j, func(ctx context.Context) error { return p.Waiting.EraseJob(ctx, lane, sequence) })
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("registry: look through the queue: %w", err)
			}
			more = from > 0
		}
	}
	err = p.Waiting.ScanParked(ctx, func(j rooms.Job, erase func(context.Context) error) error {
		add(j, erase)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("registry: look through what is parked: %w", err)
	}
	return all, nil
}

// hasCopy says whether somebody gets a copy of an e-mail there.
func hasCopy(c rooms.Contact, at rooms.Endpoint) bool {
	return at.Channel == rooms.Email && slices.ContainsFunc(c.Copies, func(one rooms.Copy) bool { return one.Address.Same() == at.Address.Same() })
}

// Erase removes what Export finds. That he is erased is noted first, for what was accepted before and names him later; the
// subscriptions go next, so that nothing new is planned; what was planned meanwhile is looked for once more.
func (p *Persons) Erase(ctx context.Context, at rooms.Endpoint) (PersonData, error) {
	data, err := p.Export(ctx, at)
	if err != nil {
		return data, err
	}
	if err := p.Suppressions.Erase(ctx, at, p.Remember); err != nil {
		return data, err
	}
	for _, f := range data.Subscriptions {
		if err := p.Subscribers.Remove(ctx, f.Room, f.ID); err != nil && !errors.Is(err, ErrUnknownSubscriber) {
			return data, err
		}
	}
	late, err := p.waiting(ctx, at)
	if err != nil {
		return data, err
	}
	for _, w := range late {
		if !slices.ContainsFunc(data.Waiting, func(o Waiting) bool { return o.ID() == w.ID() }) {
			data.Waiting = append(data.Waiting, w)
		}
	}
	for _, w := range data.Waiting {
		if w.copy {
			continue // it goes without him
		}
		if err := p.drop(ctx, w); err != nil {
			return data, err
		}
	}
	if err := p.eraseWritten(ctx, at); err != nil {
		return data, err
	}
	data.Compacted = p.compact(ctx)
	return data, nil
}

// compact says whether the RAFT logs have forgotten what was erased. Where they have not, each node does it by itself later.
func (p *Persons) compact(ctx context.Context) bool {
	if p.Compact == nil {
		return true
	}
	err := p.Compact.Compact(ctx, stream.PersonalStreams()...)
	if err != nil {
		p.Log.Warn("a person is erased, but RAFT logs may hold former versions until the nodes compact them", "error", err)
	}
	return err == nil
}

// drop records that a delivery has failed, then removes it.
func (p *Persons) drop(ctx context.Context, w Waiting) error {
	err := p.Waiting.Record(ctx, rooms.Event{
		Kind: rooms.EventFailed, Room: w.Room, UMID: w.UMID, At: p.Subscribers.now().UTC().Truncate(time.Millisecond),
		N: w.N, Attempt: w.Attempt, Round: w.Round, Channel: w.Channel, Reason: rooms.Suppressed,
	})
	if err == nil {
		err = w.erase(ctx)
	}
	if err != nil {
		return fmt.Errorf("registry: drop a delivery: %w", err)
	}
	return nil
}
