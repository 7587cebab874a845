package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Message says what became of a message.
func (c *Client) Message(ctx context.Context, umid string) (v1.Message, error) {
	var m v1.Message
	_, err := c.call(ctx, get(path("v1", "messages", umid)), &m)
	return m, err
}

// Deliveries says what became of each delivery of a message, by number of the recipient.
func (c *Client) Deliveries(ctx context.Context, umid string) iter.Seq2[v1.Delivery, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Delivery], error) {
		var l v1.DeliveryList
		_, err := c.call(ctx, list(path("v1", "messages", umid, "deliveries"), cursor), &l)
		return page[v1.Delivery]{l.Deliveries, l.Next}, err
	})
}

// Histories says what happened to each delivery of a message too, step by step.
func (c *Client) Histories(ctx context.Context, umid string) iter.Seq2[v1.Delivery, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Delivery], error) {
		var l v1.DeliveryList
		r := list(path("v1", "messages", umid, "deliveries"), cursor)
		r.path += "&history=true"
		_, err := c.call(ctx, r, &l)
		return page[v1.Delivery]{l.Deliveries, l.Next}, err
	})
}

// RoomMessages lists the messages of a room that the caller may see, the newest first.
func (c *Client) RoomMessages(ctx context.Context, room string) iter.Seq2[v1.Message, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Message], error) {
		var l v1.MessageList
		_, err := c.call(ctx, list(messagesPath(room), cursor), &l)
		return page[v1.Message]{l.Messages, l.Next}, err
	})
}

// WaitingMessages lists those of them that wait for their time or for a second person.
func (c *Client) WaitingMessages(ctx context.Context, room string) iter.Seq2[v1.Message, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Message], error) {
		var l v1.MessageList
		r := list(messagesPath(room), cursor)
		r.path += "&waiting=true"
		_, err := c.call(ctx, r, &l)
		return page[v1.Message]{l.Messages, l.Next}, err
	})
}

// AwaitedContent shows what an emergency says that awaits a second person.
func (c *Client) AwaitedContent(ctx context.Context, umid string) (a v1.AwaitedContent, err error) {
	_, err = c.call(ctx, get(path("v1", "messages", umid, "content")), &a)
	return a, err
}

// ReleaseMessage lets an emergency go that awaits a second person, who is the caller.
func (c *Client) ReleaseMessage(ctx context.Context, umid string) (v1.Message, error) {
	return c.decide(ctx, umid, "release")
}

// RejectMessage has it end: it never goes.
func (c *Client) RejectMessage(ctx context.Context, umid string) (v1.Message, error) {
	return c.decide(ctx, umid, "reject")
}

func (c *Client) decide(ctx context.Context, umid, decision string) (m v1.Message, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: path("v1", "messages", umid, decision)}, &m)
	return m, err
}

// Ready returns nil if a server can take requests; otherwise the problem not_ready names the parts of the one asked last
// that are not.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.call(ctx, get(path("readyz")), nil)
	return err
}

func messagesPath(room string) string { return path("v1", "rooms", room, "messages") }
