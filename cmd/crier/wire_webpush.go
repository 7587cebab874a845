package main

import (
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/webpush"
)

// pusher makes the provider of notifications. It says which key browsers subscribe with.
func (a *App) pusher(c *crew, s *store, name string, o webpush.Options) (channels.Provider, error) {
	o.Credentials = a.credentials()
	p, err := webpush.New(o, a.log.With("part", "webpush", "provider", name), s.broker.Now)
	if err != nil {
		return nil, err
	}
	c.onStop("webpush "+name, p.Close)
	a.pushKey = p.Key()
	return p, nil
}
