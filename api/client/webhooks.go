package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// AddWebhook has the messages of a room posted to a URL; its secret is in this answer only. The
// problem webhook_exists says that the room has one of that URL, if only because an answer was lost.
func (c *Client) AddWebhook(ctx context.Context, room, url string) (v1.Webhook, error) {
	r, err := request{method: http.MethodPost, path: webhooksPath(room)}.withBody(v1.NewWebhook{URL: url})
	if err != nil {
		return v1.Webhook{}, err
	}
	return c.webhook(ctx, r)
}

// Webhooks lists the webhooks of a room that the caller may see.
func (c *Client) Webhooks(ctx context.Context, room string) iter.Seq2[v1.Webhook, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Webhook], error) {
		var l v1.WebhookList
		_, err := c.call(ctx, list(webhooksPath(room), cursor), &l)
		return page[v1.Webhook]{l.Webhooks, l.Next}, err
	})
}

// RotateWebhook gives a webhook another secret, which is in this answer only.
func (c *Client) RotateWebhook(ctx context.Context, room, id string) (v1.Webhook, error) {
	return c.webhook(ctx, request{method: http.MethodPost, path: webhooksPath(room) + path(id, "secret")})
}

// RemoveWebhook ends a webhook.
func (c *Client) RemoveWebhook(ctx context.Context, room, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: webhooksPath(room) + path(id)}, nil)
	return err
}

func (c *Client) webhook(ctx context.Context, r request) (w v1.Webhook, err error) {
	_, err = c.call(ctx, r, &w)
	return w, err
}

func webhooksPath(room string) string { return path("v1", "rooms", room, "webhooks") }
