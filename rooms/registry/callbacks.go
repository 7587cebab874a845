package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// ErrUnknownCallback says that the client has not said where it is to be told.
var ErrUnknownCallback = errors.New("unknown callback")

// ClientStore keeps what is known of clients.
type ClientStore interface {
	Client(ctx context.Context, c rooms.Client) (stream.ClientEntry, error)
	PutClient(ctx context.Context, e stream.ClientEntry) error
	RemoveClient(ctx context.Context, c rooms.Client) error
}

// Callback is where a client is told how its messages stand, and the secrets that sign this.
type Callback struct {
	To    rooms.Contact
	Since time.Time
	Fresh bool // its newest secret has been made by this call
}

// Callbacks keeps where clients are told how their messages stand. URL and secrets are stored
// sealed.
type Callbacks struct {
	Store ClientStore
	Vault Vault
	// Blocked are the clients that are told nothing; nil: nobody is blocked.
	Blocked *Blocked
	// KeepSecret is how long a secret that was replaced still signs.
	KeepSecret time.Duration
	// Allowed says whether a URL may be called at all; its error is for the client. Nil: any may.
	Allowed func(rooms.Address) error
	Now     func() time.Time // nil: time.Now
}

func (c *Callbacks) now() time.Time {
	if c.Now != nil {
		return c.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

// nowhere stands for the URL of a client that has a secret alone; by RFC 6761 no host has this name.
const nowhere = "https://callback.invalid/"

func (cb Callback) nowhere() bool { return cb.To.Address.Reveal() == nowhere }

// Get gives a client's callback, or ErrUnknownCallback, also of one that is blocked, or has a secret alone.
func (c *Callbacks) Get(ctx context.Context, client rooms.Client) (Callback, error) {
	cb, err := c.Signer(ctx, client)
	if err == nil && cb.nowhere() {
		return Callback{}, ErrUnknownCallback
	}
	return cb, err
}

// Signer gives what signs the calls to a client, wherever they go. The address counts for nothing.
func (c *Callbacks) Signer(ctx context.Context, client rooms.Client) (Callback, error) {
	if c.Blocked.Has(client) {
		return Callback{}, ErrUnknownCallback
	}
	cb, _, err := c.get(ctx, client)
	return cb, err
}

func (c *Callbacks) get(ctx context.Context, client rooms.Client) (Callback, stream.ClientEntry, error) {
	e, err := c.Store.Client(ctx, client)
	if errors.Is(err, stream.ErrGone) {
		return Callback{}, e, ErrUnknownCallback
	}
	if err != nil {
		return Callback{}, e, fmt.Errorf("registry: read a client: %w", err)
	}
	plain, err := c.Vault.Unseal(e.Callback, "client", string(client))
	if err != nil {
		return Callback{}, e, fmt.Errorf("registry: open a callback: %w", err)
	}
	to, err := rooms.DecodeContact(plain)
	return Callback{To: to, Since: e.Since}, e, err
}

// Check says whether a URL may be called at all.
func (c *Callbacks) Check(at rooms.Address) error {
	if c.Allowed == nil {
		return nil
	}
	return c.Allowed(at)
}

// Set says where a client is to be told. It gets a secret if it has none yet, and is shown it for the first time. What Allowed says wraps
// rooms.ErrAddress.
func (c *Callbacks) Set(ctx context.Context, client rooms.Client, at rooms.Address) (Callback, error) {
	if err := c.Check(at); err != nil {
		return Callback{}, err
	}
	return c.change(ctx, client, func(cb Callback, known bool) (Callback, error) {
		fresh := !known || cb.nowhere()
		if !known {
			cb = c.begun()
		}
		cb.To.Address, cb.Fresh = at, fresh
		return cb, nil
	})
}

// Sign makes sure that calls to a client can be signed, wherever its messages say that they go. One that has no callback gets
// a secret alone, which Secret gives, and which it is shown when it says where it is to be told.
func (c *Callbacks) Sign(ctx context.Context, client rooms.Client) error {
	if _, err := c.Signer(ctx, client); !errors.Is(err, ErrUnknownCallback) || c.Blocked.Has(client) {
		return err
	}
	at, err := rooms.ParseURL(nowhere)
	if err != nil {
		return err
	}
	_, err = c.change(ctx, client, func(cb Callback, known bool) (Callback, error) {
		if !known {
			cb = c.begun()
			cb.To.Address = at
		}
		return cb, nil
	})
	return err
}

// Secret makes sure that calls to a client can be signed, and gives the newest secret that does so; the zero value if the
// client has said itself where it is told, and so been shown it, or is blocked.
func (c *Callbacks) Secret(ctx context.Context, client rooms.Client) (rooms.Secret, error) {
	if c.Blocked.Has(client) {
		return rooms.Secret{}, nil
	}
	if err := c.Sign(ctx, client); err != nil {
		return rooms.Secret{}, err
	}
	cb, err := c.Signer(ctx, client)
	signing := cb.To.Active(c.now())
	if err != nil || !cb.nowhere() || len(signing) == 0 {
		return rooms.Secret{}, err
	}
	return signing[0].Secret, nil
}

// begun is a callback with a secret that is new.
func (c *Callbacks) begun() Callback {
	return Callback{To: rooms.Contact{Channel: rooms.Webhook, Signing: []rooms.Signing{rooms.NewSigning()}}, Since: c.now()}
}

// Rotate gives a client another secret. The one before signs beside it for KeepSecret.
func (c *Callbacks) Rotate(ctx context.Context, client rooms.Client) (Callback, error) {
	return c.change(ctx, client, func(cb Callback, known bool) (Callback, error) {
		if !known || cb.nowhere() {
			return cb, ErrUnknownCallback
		}
		cb.To, cb.Fresh = cb.To.Rotate(c.now(), c.KeepSecret), true
		return cb, nil
	})
}

// change stores what a callback becomes, and begins again if somebody else was quicker.
func (c *Callbacks) change(ctx context.Context, client rooms.Client, fn func(cb Callback, known bool) (Callback, error)) (Callback, error) {
	for {
		cb, e, err := c.get(ctx, client)
		if err != nil && !errors.Is(err, ErrUnknownCallback) {
			return cb, err
		}
		if cb, err = fn(cb, err == nil); err != nil {
			return cb, err
		}
		sealed, err := c.Vault.Seal(cb.To.Encode(), "client", string(client))
		if err != nil {
			return cb, fmt.Errorf("registry: seal a callback: %w", err)
		}
		err = c.Store.PutClient(ctx, stream.ClientEntry{Client: client, Callback: sealed, Since: cb.Since, Nowhere: cb.nowhere(), Revision: e.Revision})
		if errors.Is(err, stream.ErrRevision) {
			continue
		}
		if err != nil {
			return cb, fmt.Errorf("registry: store a client: %w", err)
		}
		return cb, nil
	}
}

// Remove ends a client's callbacks, or says ErrUnknownCallback.
func (c *Callbacks) Remove(ctx context.Context, client rooms.Client) error {
	_, err := c.Store.Client(ctx, client)
	if errors.Is(err, stream.ErrGone) {
		return ErrUnknownCallback
	}
	if err == nil {
		err = c.Store.RemoveClient(ctx, client)
	}
	if err != nil {
		return fmt.Errorf("registry: remove a client: %w", err)
	}
	return nil
}
