package client

import (
	"context"
	"iter"
	"net/http"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// CreateConsumer makes a durable consumer of a room, which is the caller's. One that is there with the same settings
// stays as it is, so that an application may do this whenever it starts; the problem consumer_exists says that it has
// others.
func (c *Client) CreateConsumer(ctx context.Context, room string, n v1.NewConsumer) (v1.Consumer, error) {
	return c.consumer(ctx, request{method: http.MethodPost, path: consumersPath(room), repeatable: true}, n)
}

// Consumers lists the durable consumers of a room that the caller may see.
func (c *Client) Consumers(ctx context.Context, room string) iter.Seq2[v1.Consumer, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Consumer], error) {
		var l v1.ConsumerList
		_, err := c.call(ctx, list(consumersPath(room), cursor), &l)
		return page[v1.Consumer]{l.Consumers, l.Next}, err
	})
}

// Consumer reads a durable consumer, by its name if it is the caller's, else by its member Consumer.
func (c *Client) Consumer(ctx context.Context, room, name string) (v1.Consumer, error) {
	var one v1.Consumer
	_, err := c.call(ctx, get(consumersPath(room)+path(name)), &one)
	return one, err
}

// ResetConsumer has a consumer begin elsewhere. Tokens of before are refused from then on.
func (c *Client) ResetConsumer(ctx context.Context, room, name string, start v1.Position) (v1.Consumer, error) {
	return c.consumer(ctx, request{method: http.MethodPost, path: consumersPath(room) + path(name, "reset")}, start)
}

// DeleteConsumer removes a consumer with its position.
func (c *Client) DeleteConsumer(ctx context.Context, room, name string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: consumersPath(room) + path(name)}, nil)
	return err
}

// Pull gets messages, waiting for the first as long as p says. They are to be acknowledged; else they come again. So
// does what was on its way when ctx ended.
func (c *Client) Pull(ctx context.Context, room, name string, p v1.Pull) ([]v1.PulledMessage, error) {
	r, err := request{
		method: http.MethodPost, path: consumersPath(room) + path(name, "pull"), patience: time.Duration(p.Wait) * time.Second,
	}.withBody(p)
	if err != nil {
		return nil, err
	}
	var got v1.Pulled
	_, err = c.call(ctx, r, &got)
	return got.Messages, err
}

// Ack says what has become of messages. When it returns nil that is durable; to say it again is no error.
func (c *Client) Ack(ctx context.Context, room, name string, a v1.Acks) error {
	r, err := request{method: http.MethodPost, path: consumersPath(room) + path(name, "ack"), repeatable: len(a.Naks) == 0}.withBody(a)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, r, nil)
	return err
}

func (c *Client) consumer(ctx context.Context, r request, body any) (one v1.Consumer, err error) {
	if r, err = r.withBody(body); err == nil {
		_, err = c.call(ctx, r, &one)
	}
	return one, err
}

func consumersPath(room string) string { return path("v1", "rooms", room, "consumers") }
