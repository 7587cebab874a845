package client

import (
	"context"
	"net/http"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Subscriber reads what is known of a subscriber, but for contacts, name and values.
func (c *Client) Subscriber(ctx context.Context, room, id string) (v1.Subscriber, error) {
	var s v1.Subscriber
	_, err := c.call(ctx, get(subscribersPath(room)+path(id)), &s)
	return s, err
}

// ChangeSubscriber changes what is named of a subscriber; the rest stays. The last change wins.
func (c *Client) ChangeSubscriber(ctx context.Context, room, id string, change v1.Person) (v1.Subscriber, error) {
	return c.subscriberCall(ctx, http.MethodPatch, subscribersPath(room)+path(id), change)
}

// RequestSubscription asks for a person to be subscribed, who then confirms under the id that comes back.
func (c *Client) RequestSubscription(ctx context.Context, room string, person v1.Person) (v1.SubscriptionReceipt, error) {
	var receipt v1.SubscriptionReceipt
	r, err := request{method: http.MethodPost, path: path("v1", "rooms", room, "requests")}.withBody(person)
	if err == nil {
		_, err = c.call(ctx, r, &receipt)
	}
	return receipt, err
}

// ConfirmSubscriber confirms a subscription with the code that the person was sent; the problem wrong_code says no more.
func (c *Client) ConfirmSubscriber(ctx context.Context, room, id, code string) error {
	r, err := request{method: http.MethodPost, path: subscribersPath(room) + path(id, "confirm")}.withBody(v1.Code{Code: code})
	if err == nil {
		_, err = c.call(ctx, r, nil)
	}
	return err
}

// ApproveSubscriber lets somebody in who has asked, and invites him to confirm.
func (c *Client) ApproveSubscriber(ctx context.Context, room, id string) (v1.Subscriber, error) {
	return c.subscriberCall(ctx, http.MethodPost, subscribersPath(room)+path(id, "approve"), nil)
}

// DeclineSubscriber forgets somebody who has asked.
func (c *Client) DeclineSubscriber(ctx context.Context, room, id string) error {
	_, err := c.call(ctx, request{method: http.MethodPost, path: subscribersPath(room) + path(id, "decline")}, nil)
	return err
}

// PauseSubscriber keeps messages from a subscriber until a time, or until he is resumed if that is zero.
func (c *Client) PauseSubscriber(ctx context.Context, room, id string, until time.Time) (v1.Subscriber, error) {
	var pause v1.Pause
	if !until.IsZero() {
		pause.Until = &until
	}
	return c.subscriberCall(ctx, http.MethodPost, subscribersPath(room)+path(id, "pause"), pause)
}

// ResumeSubscriber ends a pause.
func (c *Client) ResumeSubscriber(ctx context.Context, room, id string) (v1.Subscriber, error) {
	return c.subscriberCall(ctx, http.MethodPost, subscribersPath(room)+path(id, "resume"), nil)
}

func (c *Client) subscriberCall(ctx context.Context, method, path string, body any) (s v1.Subscriber, err error) {
	r := request{method: method, path: path}
	if body != nil {
		if r, err = r.withBody(body); err != nil {
			return s, err
		}
	}
	_, err = c.call(ctx, r, &s)
	return s, err
}
