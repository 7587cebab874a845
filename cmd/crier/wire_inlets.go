package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
)

// catchUp is for how long a report waits for the index to know its message.
const catchUp = 2 * time.Second

// inlets are what providers call, by the names of the providers.
type inlets map[string]http.Handler

// texter makes a provider of SMS that is asked by HTTP, and that calls back.
func (a *App) texterByHTTP(c *crew, s *store, k *knowledge, one config.SMSCentre) (channels.Provider, error) {
	name := one.Called(one.Kind)
	one.HTTP.Credentials = a.credentials()
	p, err := httpsms.New(one.HTTP, httpsms.Deps{
		Name: name, Open: registry.Tokens{Vault: s.vault}.Open, Log: a.log.With("part", "sms", "provider", name), Now: s.broker.Now,
		Room: k.roomOf,
	})
	if err != nil {
		return nil, fmt.Errorf("providers.sms: %s: %w", name, err)
	}
	c.onStop("sms "+name, p.Close)
	a.receive(name, p, p.Serve)
	if base := a.config.API.PublicURL; base != "" {
		p.Serve(base)
	} else {
		a.log.Warn("without api.publicURL the provider is not told where to report", "provider", name)
	}
	return p, nil
}

// roomOf is that of a message. One that is not known may be so new that the index has to catch up.
func (k *knowledge) roomOf(ctx context.Context, u rooms.UMID) (rooms.Room, error) {
	m, err := k.index.Message(u)
	if errors.Is(err, index.ErrUnknown) {
		ctx, cancel := context.WithTimeout(ctx, catchUp)
		defer cancel()
		if err := k.Wait(ctx); err != nil {
			return "", err
		}
		m, err = k.index.Message(u)
	}
	return m.Room, err
}

// receive has a provider be called under its name, and told where once that is known.
func (a *App) receive(name string, p channels.Inlet, serve func(base string)) {
	if a.inlets == nil {
		a.inlets = inlets{}
	}
	a.inlets[name] = p.Inlet()
	a.log.Info("a provider may report here", "provider", name, "path", "/v1/inlets/"+name)
	a.reached = append(a.reached, serve)
}

// reachable tells those who want to know where others reach the API, if anywhere.
func (a *App) reachable(k *knowledge) {
	base := a.config.API.PublicURL
	if base == "" && !a.config.API.Insecure {
		return
	}
	base = cmp.Or(base, a.URL())
	k.links.Serve(base)
	for _, serve := range a.reached {
		serve(base)
	}
}
