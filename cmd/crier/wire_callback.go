package main

import (
	"context"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/govstack/email"
	"github.com/govcrier/crier/channels/callback"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
)

// startCallbacks starts what tells senders how their messages stand.
func (a *App) startCallbacks(ctx context.Context, c *crew, s *store, k *knowledge, leases *lease.Leases) error {
	queue, err := s.log.Callbacks(ctx)
	if err != nil {
		return err
	}
	log := a.log.With("part", "callbacks")
	collector := callback.Collector{Log: s.log, Queue: s.log, Index: k.index, Vault: s.vault, Logger: log}
	c.run("callbacks", func(ctx context.Context) error {
		return leases.Hold(ctx, "callbacks", func(ctx context.Context, _ uint64, _ func() bool) error { return collector.Run(ctx) })
	})
	caller := &callback.Caller{
		Source: queue, Clients: k.callbacks, Index: k.index, Vault: s.vault, Calls: k.calls, Answer: statusJSON, Letters: letters{k.senders, a.shelf(s, k)},
		Policy: a.config.Policy.Rules(), Metrics: a.metrics, Logger: log, Now: s.broker.Now, AckWait: s.log.AckWait(),
	}
	c.run("caller", caller.Run)
	warner := &callback.Warner{Clients: k.callbacks, Calls: k.calls, Logger: log, Now: s.broker.Now}
	c.run("warner", func(ctx context.Context) error { return warner.Run(ctx, k.warnings) })
	return nil
}

// letters say to callbacks of the e-mail API what a reply says, where the client is registered for that.
type letters struct {
	senders *registry.Senders
	shelf   *replies.Shelf
}

// Letter gives a reply in the form of the e-mail API.
func (l letters) Letter(ctx context.Context, c rooms.Callback) ([]byte, error) {
	if c.Room != rooms.EmailRoom(c.Publisher) || !l.senders.Known(c.Publisher).FullReplies {
		return nil, nil
	}
	id := rooms.ReplyID(strconv.FormatUint(c.Reply, 10))
	one, err := l.shelf.Get(ctx, replies.Reader{Room: c.Room, Client: c.Publisher, UMID: c.UMID}, id)
	if err != nil {
		return nil, err
	}
	return email.EncodeReply(one.Letter)
}

// statusJSON is what the API says of a message.
func statusJSON(m index.Summary) ([]byte, error) { return json.Marshal(api.MessageOf(m)) }
