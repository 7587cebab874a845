package registry

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// The refusals of webhooks.
var (
	// ErrWebhookExists: the room has a webhook of that URL, whosesoever.
	ErrWebhookExists = errors.New("webhook exists")
	// ErrUnknownWebhook: the room has no webhook of that id.
	ErrUnknownWebhook = errors.New("unknown webhook")
	// ErrQuota: the client has as many webhooks in the room as it may.
	ErrQuota = errors.New("quota used up")
)

// MaxWebhooks is how many webhooks a client may have in a room.
const MaxWebhooks = 20

// page is how many webhooks are read at once.
const page = 500

// WebhookStore keeps webhooks among the subscribers.
type WebhookStore interface {
	SubscriberAdder
	Webhooks(ctx context.Context, room rooms.Room, from uint64, limit int) ([]rooms.Subscriber, error)
	FindWebhooks(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Subscriber, error)
	MoveSubscribers(ctx context.Context, subs []rooms.Subscriber) error
	RemoveSubscriber(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error
}

// RoomGetter gives a room, or ErrUnknownRoom.
type RoomGetter interface {
	Get(ctx context.Context, room rooms.Room) (rooms.RoomConfig, error)
}

// Webhook is a webhook with what its owner may know.
type Webhook struct {
	rooms.Subscriber
	To rooms.Contact // with the secrets that sign
}

// Host is that of the URL, with its port: what others than the owner may know.
func (w Webhook) Host() string {
	u, err := url.Parse(w.To.Address.Reveal())
	if err != nil {
		return ""
	}
	return u.Host
}

// Webhooks keeps the webhooks of rooms. Each belongs to the client that has put it there, and is
// called as long as that client may read the room. A URL is in a room once.
type Webhooks struct {
	Store WebhookStore
	Vault Vault
	Rooms RoomGetter
	// Blocked are the clients whose webhooks are not called; nil: nobody is blocked.
	Blocked *Blocked
	// KeepSecret is how long a secret that was replaced still signs.
	KeepSecret time.Duration
	// Allowed says whether a URL may be called at all; its error is for the client. Nil: any may.
	Allowed func(rooms.Address) error
	Now     func() time.Time // nil: time.Now
}

func (w *Webhooks) now() time.Time {
	if w.Now != nil {
		return w.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

// Add puts a webhook into a room, with a secret of its own. The refusals are ErrWebhookExists,
// ErrQuota, and what Allowed says, which wraps rooms.ErrAddress.
func (w *Webhooks) Add(ctx context.Context, room rooms.Room, owner rooms.Client, at rooms.Address) (Webhook, error) {
	return w.Subscribe(ctx, room, owner, at, "", 0)
}

// Subscribe is the same for messages of one type, within so many seconds of their publication; "" and 0: of all, and as long
// as they are tried.
func (w *Webhooks) Subscribe(ctx context.Context, room rooms.Room, owner rooms.Client, at rooms.Address, only rooms.Type, ttl int) (Webhook, error) {
	if w.Allowed != nil {
		if err := w.Allowed(at); err != nil {
			return Webhook{}, err
		}
	}
	if err := w.within(ctx, room, owner, MaxWebhooks-1); err != nil {
		return Webhook{}, err
	}
	c := rooms.Contact{Channel: rooms.Webhook, Address: at, Signing: []rooms.Signing{rooms.NewSigning()}}
	made, err := w.store(ctx, rooms.Subscriber{Room: room, Owner: owner, Only: only, TTL: ttl}, c)
	if err != nil {
		return Webhook{}, err
	}
	return made, w.keep(ctx, made)
}

func (w *Webhooks) store(ctx context.Context, sub rooms.Subscriber, c rooms.Contact) (Webhook, error) {
	ids := idsOf(w.Vault, sub.Room, c)
	sealed, err := sealContact(w.Vault, sub.Room, ids[0], c)
	if err != nil {
		return Webhook{}, err
	}
	sub.ID, sub.Channel, sub.Contact, sub.Since = ids[0], c.Channel, sealed, w.now()
	found, err := w.Store.FindWebhooks(ctx, sub.Room, ids)
	if err == nil && len(found) > 0 {
		return Webhook{}, ErrWebhookExists
	}
	if err == nil {
		err = w.Store.AddSubscribers(ctx, []rooms.Subscriber{sub})
	}
	if errors.Is(err, stream.ErrExists) {
		return Webhook{}, ErrWebhookExists
	}
	if err != nil {
		return Webhook{}, fmt.Errorf("registry: store a webhook: %w", err)
	}
	return Webhook{sub, c}, nil
}

// within refuses if a client has more webhooks in a room than most.
func (w *Webhooks) within(ctx context.Context, room rooms.Room, owner rooms.Client, most int) error {
	own, err := w.ids(ctx, room, owner)
	if err == nil && len(own) > most {
		return ErrQuota
	}
	return err
}

// keep takes a new webhook back if several came at once and it is one too many: those that stand
// first in the log stay.
func (w *Webhooks) keep(ctx context.Context, made Webhook) error {
	own, err := w.ids(ctx, made.Room, made.Owner)
	if err != nil || slices.Index(own, made.ID) < MaxWebhooks {
		return err
	}
	if err := w.Remove(ctx, made.Room, made.ID); err != nil && !errors.Is(err, ErrUnknownWebhook) {
		return err
	}
	return ErrQuota
}

// ids are a client's webhooks in the order of the log.
func (w *Webhooks) ids(ctx context.Context, room rooms.Room, owner rooms.Client) (own []rooms.SubscriberID, err error) {
	err = w.each(ctx, room, func(s rooms.Subscriber) {
		if s.Owner == owner {
			own = append(own, s.ID)
		}
	})
	return own, err
}

// each calls fn with all webhooks of a room.
func (w *Webhooks) each(ctx context.Context, room rooms.Room, fn func(rooms.Subscriber)) error {
	for from := uint64(0); ; {
		subs, err := w.Store.Webhooks(ctx, room, from, page)
		if err != nil {
			return fmt.Errorf("registry: list webhooks: %w", err)
		}
		for _, s := range subs {
			fn(s)
			from = s.Sequence + 1
		}
		if len(subs) < page {
			return nil
		}
	}
}

// List gives webhooks in the order of the log. next is where to go on; 0 at the end. Those that
// cannot be opened have no contact.
func (w *Webhooks) List(ctx context.Context, room rooms.Room, after uint64, limit int) (hooks []Webhook, next uint64, err error) {
	subs, err := w.Store.Webhooks(ctx, room, after+1, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("registry: list webhooks: %w", err)
	}
	for _, s := range subs {
		c, _ := openContact(w.Vault, s)
		hooks = append(hooks, Webhook{s, c})
	}
	if len(subs) == limit {
		next = subs[limit-1].Sequence
	}
	return hooks, next, nil
}

// Get gives a webhook by its id, or by the former one if keys have changed since; else
// ErrUnknownWebhook.
func (w *Webhooks) Get(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (Webhook, error) {
	found, err := w.Store.FindWebhooks(ctx, room, []rooms.SubscriberID{id})
	if err != nil {
		return Webhook{}, fmt.Errorf("registry: look for a webhook: %w", err)
	}
	if len(found) == 0 {
		err = w.each(ctx, room, func(s rooms.Subscriber) {
			if s.Was == id {
				found = append(found, s)
			}
		})
	}
	if err != nil {
		return Webhook{}, err
	}
	if len(found) == 0 {
		return Webhook{}, ErrUnknownWebhook
	}
	c, err := openContact(w.Vault, found[0])
	return Webhook{found[0], c}, err
}

// Rotate gives a webhook another secret. The one before signs beside it for KeepSecret.
func (w *Webhooks) Rotate(ctx context.Context, room rooms.Room, id rooms.SubscriberID) (Webhook, error) {
	return w.change(ctx, room, id, func(hook *Webhook) { hook.To = hook.To.Rotate(w.now(), w.KeepSecret) })
}

// Pace says within how many seconds of its publication a webhook gets a message; 0: as long as it is tried.
func (w *Webhooks) Pace(ctx context.Context, room rooms.Room, id rooms.SubscriberID, ttl int) (Webhook, error) {
	return w.change(ctx, room, id, func(hook *Webhook) { hook.TTL = ttl })
}

func (w *Webhooks) change(ctx context.Context, room rooms.Room, id rooms.SubscriberID, to func(*Webhook)) (Webhook, error) {
	for {
		hook, err := w.Get(ctx, room, id)
		if err != nil {
			return Webhook{}, err
		}
		to(&hook)
		hook.Was, hook.Origin = hook.ID, hook.Sequence
		if hook.Contact, err = sealContact(w.Vault, room, hook.ID, hook.To); err != nil {
			return Webhook{}, err
		}
		err = w.Store.MoveSubscribers(ctx, []rooms.Subscriber{hook.Subscriber})
		if errors.Is(err, stream.ErrExists) {
			continue // it was changed meanwhile: look again
		}
		if err != nil {
			return Webhook{}, fmt.Errorf("registry: change a webhook: %w", err)
		}
		return hook, nil
	}
}

// Remove ends a webhook and erases its URL and secrets, or says ErrUnknownWebhook.
func (w *Webhooks) Remove(ctx context.Context, room rooms.Room, id rooms.SubscriberID) error {
	hook, err := w.Get(ctx, room, id)
	for removed := false; ; removed = true {
		switch {
		case removed && errors.Is(err, ErrUnknownWebhook):
			return nil
		case err != nil:
			return err
		}
		if err := w.Store.RemoveSubscriber(ctx, room, hook.ID); err != nil && !errors.Is(err, stream.ErrGone) {
			return fmt.Errorf("registry: remove a webhook: %w", err)
		}
		hook, err = w.Get(ctx, room, id)
	}
}

// Subscribed gives what a webhook is now that had the id when a message was planned. It is not
// subscribed any more if it was removed, or if its owner is blocked or may not read the room any more.
func (w *Webhooks) Subscribed(ctx context.Context, room rooms.Room, id rooms.SubscriberID, c rooms.Contact) (rooms.Contact, bool, error) {
	ids := append(idsOf(w.Vault, room, c), id)
	found, err := w.Store.FindWebhooks(ctx, room, ids)
	if err == nil && len(found) == 0 { // an entry that is being moved may be missed once
		found, err = w.Store.FindWebhooks(ctx, room, ids)
	}
	if err != nil || len(found) == 0 {
		return c, false, err
	}
	if w.Blocked.Has(found[0].Owner) {
		return c, false, nil
	}
	config, err := w.Rooms.Get(ctx, room)
	if errors.Is(err, ErrUnknownRoom) || err == nil && !config.MayRead(found[0].Owner) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	now, err := openContact(w.Vault, found[0])
	return now, err == nil, err
}
