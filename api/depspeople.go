package api

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// SubscriberReader lists the subscribers of a room after a position; next is 0 on the last page.
type SubscriberReader interface {
	List(ctx context.Context, room rooms.Room, after uint64, limit int) (page []rooms.Subscriber, next uint64, err error)
}

// SubscriberScanner reads all subscribers of a room; open gives a contact.
type SubscriberScanner interface {
	Each(ctx context.Context, room rooms.Room, fn func(ch rooms.Channel, open func() (rooms.Contact, error)) error) error
}

// SubscriberAdder adds subscribers, and admits those who wait; all others who are there already stay as they are, and who has
// left stays out: registry.ErrLeft.
type SubscriberAdder interface {
	Subscribe(ctx context.Context, room rooms.Room, p rooms.Subscription) (s rooms.Subscriber, created bool, err error)
	SubscribeMany(ctx context.Context, room rooms.Room, people []rooms.Subscription) (registry.Sums, error)
}

// SubscriberKeeper reads and changes one subscriber. Its errors are those of package registry.
type SubscriberKeeper interface {
	Find(ctx context.Context, room rooms.Room, id rooms.SubscriberID, at rooms.Endpoint) (rooms.Subscriber, error)
	Get(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error)
	Update(ctx context.Context, room rooms.Room, id rooms.SubscriberID, entry uint64, change registry.Change) (rooms.Subscriber, rooms.Subscription, error)
	Pause(ctx context.Context, room rooms.Room, id rooms.SubscriberID, until time.Time) (rooms.Subscriber, rooms.Subscription, error)
	Resume(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (rooms.Subscriber, rooms.Subscription, error)
}

// Invitations have people confirm that they want to subscribe. Its errors are those of package registry.
type Invitations interface {
	Ask(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.SubscriberID, error)
	Invite(ctx context.Context, room rooms.RoomConfig, p rooms.Subscription) (rooms.Subscriber, error)
	Approve(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) (rooms.Subscriber, error)
	Decline(ctx context.Context, room rooms.RoomConfig, id rooms.SubscriberID) error
	Confirm(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error)
	ConfirmByLink(ctx context.Context, room rooms.Room, id rooms.SubscriberID, code string) (rooms.Subscriber, error)
}

// Suppressions know the addresses that take nothing. Its errors are those of package registry.
type Suppressions interface {
	Find(e rooms.Endpoint) (rooms.Suppression, error)
	Stops(all []rooms.RoomConfig, e rooms.Endpoint) []rooms.Suppression
	List(after uint64, limit int) (page []rooms.Suppression, next uint64)
	Remove(ctx context.Context, id rooms.SuppressionID) error
}

// Silences say, out of memory, who gets nothing: at an address that takes nothing, and by a room of which he wants nothing
// more though he is no subscriber.
type Silences interface {
	Holds(e rooms.Endpoint) bool
	Stopped(room rooms.Room, e rooms.Endpoint) bool
}

// Persons finds and erases what is kept of a person.
type Persons interface {
	Export(ctx context.Context, at rooms.Endpoint) (registry.PersonData, error)
	Erase(ctx context.Context, at rooms.Endpoint) (registry.PersonData, error)
}

// Links tell what the links say that people were sent. What is no link is registry.ErrLink.
type Links interface {
	OpenLeave(token string) (rooms.Room, rooms.SubscriberID, rooms.Endpoint, error)
	OpenConfirm(token string) (room rooms.Room, id rooms.SubscriberID, code string, err error)
}

// SubscriberRemover removes subscribers. Its errors are those of package registry.
type SubscriberRemover interface {
	Remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
	RemoveAll(ctx context.Context, room rooms.Room) error
}

// Subscribers is the registry of subscribers.
type Subscribers interface {
	SubscriberReader
	SubscriberScanner
	SubscriberAdder
	SubscriberKeeper
	SubscriberRemover
}
