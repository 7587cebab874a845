package main

import (
	"context"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// bot makes a bot of Telegram.
func (a *App) bot(c *crew, s *store, k *knowledge, name string, o telegram.Options) (channels.Provider, error) {
	o.Credentials = a.credentials()
	p, err := telegram.New(o, telegram.Deps{
		Name: name, Answered: k.answered(name), Log: a.log.With("part", "telegram", "provider", name), Now: s.broker.Now,
	})
	if err != nil {
		return nil, err
	}
	c.onStop("telegram "+name, p.Close)
	if called, ok := p.(channels.Inlet); ok {
		a.receive(name, called, func(string) {})
	}
	return p, nil
}

// cloud makes a number of WhatsApp's Cloud API.
func (a *App) cloud(c *crew, s *store, k *knowledge, name string, o whatsapp.Options) (channels.Provider, error) {
	o.Credentials = a.credentials()
	p, err := whatsapp.New(o, whatsapp.Deps{
		Name: name, Open: registry.Tokens{Vault: s.vault}.Open, Room: k.roomOf, Answered: k.answered(name), Known: k.whatsAppSent,
		Log: a.log.With("part", "whatsapp", "provider", name), Now: s.broker.Now,
	})
	if err != nil {
		return nil, err
	}
	c.onStop("whatsapp "+name, p.Close)
	a.receive(name, p, func(string) {})
	return p, nil
}

// answered finds what a provider has sent under an id. What is not known at once may be so new that the index has to catch up.
func (k *knowledge) answered(provider string) func(context.Context, string) (rooms.AttemptID, error) {
	return func(ctx context.Context, id string) (rooms.AttemptID, error) {
		c, ok, err := k.Sent(ctx, provider, id, false)
		if err == nil && !ok {
			c, _, err = k.Sent(ctx, provider, id, true)
		}
		return c.AttemptID, err
	}
}

// whatsAppSent says whether something was sent to a number of WhatsApp.
func (k *knowledge) whatsAppSent(ctx context.Context, number rooms.Address) (bool, error) {
	all, err := k.rooms.List(ctx)
	if err != nil {
		return false, err
	}
	names := make([]rooms.Room, len(all))
	for i, r := range all {
		names[i] = r.Name
	}
	sent, err := conversations{k}.Latest(ctx, names, rooms.Endpoint{Channel: rooms.WhatsApp, Address: number})
	return len(sent) > 0, err
}
