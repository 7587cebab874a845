package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
)

// mailbox is how mail comes in, nil if it does not, and what serves it, nil if nobody has to.
func (a *App) mailbox(s *store, k *knowledge) (heard []channels.Listener, serve func(context.Context) error, err error) {
	o := a.config.Mailbox
	d := mailbox.Deps{
		Open: registry.Tokens{Vault: s.vault}.Open, Resolve: correspondence{k}.standing,
		Metrics: a.metrics, Logger: a.log.With("part", "mailbox"), Now: s.broker.Now,
	}
	switch {
	case o.Kind == mailbox.KindIMAP:
		o.IMAP.Credentials = a.credentials()
		poller, err := mailbox.NewPoller(o, d)
		return []channels.Listener{{Name: mailbox.Name, Channel: rooms.Email, Source: poller}}, nil, err
	case !o.Listens():
		return nil, nil, nil
	}
	server, err := mailbox.NewListener(o, d)
	if err != nil {
		return nil, nil, err
	}
	on, err := listen(o.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("mailbox.listen: %w", err)
	}
	a.log.Info("mail is taken", "kind", o.Kind, "at", on[0].Addr())
	serve = func(ctx context.Context) error { return serveAll(ctx, on, server.Serve) }
	return []channels.Listener{{Name: mailbox.Name, Channel: rooms.Email, Source: server}}, serve, nil
}

// correspondence says what mail is about.
type correspondence struct{ *knowledge }

// standing says how a delivery stands. It is unknown only where everything else is known.
func (c correspondence) standing(ctx context.Context, id rooms.DeliveryID) (mailbox.Standing, error) {
	state, err := c.State(ctx, id)
	if err != nil {
		return mailbox.Standing{}, err
	}
	m, err := c.index.Message(id.UMID)
	if errors.Is(err, index.ErrUnknown) {
		if err := c.certain(ctx); err != nil {
			return mailbox.Standing{}, err
		}
		if m, err = c.index.Message(id.UMID); errors.Is(err, index.ErrUnknown) {
			return mailbox.Standing{}, mailbox.ErrUnknown
		}
	}
	return mailbox.Standing{Room: m.Room, Recipients: m.Recipients, Attempt: state.Attempt, Round: state.Round}, err
}
