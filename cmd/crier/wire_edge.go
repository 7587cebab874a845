package main

import (
	"context"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/edge"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

// openDoor lets NATS clients in, and answers what they publish.
func (a *App) openDoor(c *crew, s *store, keeper *edge.Gatekeeper, server *api.Server) error {
	if a.nats, a.webSocket = s.broker.NATSURL(), s.broker.WebSocketURL(); a.nats+a.webSocket == "" {
		return nil
	}
	c.run("publishing over NATS", func(ctx context.Context) error {
		return s.broker.Serve(ctx, broker.Service{
			Name: "crier-publish", Version: serviceVersion, Subject: rooms.PublishFilter, Answer: server.PublishOverNATS,
			Description: "Publishes into a room, called at crier.publish.ROOM; request and answer are those of POST /v1/rooms/ROOM/messages.",
		})
	})
	c.run("replies over NATS", func(ctx context.Context) error {
		return s.broker.Serve(ctx, broker.Service{
			Name: "crier-replies", Version: serviceVersion, Subject: rooms.RepliesFilter, Answer: server.RepliesOverNATS,
			Description: "Lists what people have written to a room, called at crier.replies.ROOM with {\"limit\":100,\"cursor\":\"17\"}; the answer is that of GET /v1/rooms/ROOM/replies.",
		})
	})
	return s.broker.Admit(keeper, edge.Exports())
}

// serviceVersion is that of the service for publishing, which is that of the API.
const serviceVersion = "1.0.0"
