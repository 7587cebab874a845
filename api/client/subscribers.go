package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// AddSubscriber subscribes one person to a room, or invites him (Confirm). Who is there already keeps his entry.
func (c *Client) AddSubscriber(ctx context.Context, room string, person v1.Person) (v1.Subscriber, error) {
	r, err := request{method: http.MethodPost, path: subscribersPath(room)}.withBody(person)
	if err != nil {
		return v1.Subscriber{}, err
	}
	var s v1.Subscriber
	_, err = c.call(ctx, r, &s)
	return s, err
}

// Subscribers lists the subscribers of a room in the order of their entries, without their contacts.
func (c *Client) Subscribers(ctx context.Context, room string) iter.Seq2[v1.Subscriber, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Subscriber], error) {
		var l v1.SubscriberList
		_, err := c.call(ctx, list(subscribersPath(room), cursor), &l)
		return page[v1.Subscriber]{l.Subscribers, l.Next}, err
	})
}

// RemoveSubscriber ends a subscription, by the id under which it is listed.
func (c *Client) RemoveSubscriber(ctx context.Context, room, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: subscribersPath(room) + path(id)}, nil)
	return err
}

func subscribersPath(room string) string { return path("v1", "rooms", room, "subscribers") }
