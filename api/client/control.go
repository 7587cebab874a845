package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// PauseMessage has the deliveries of a message wait. To do it again is no error; so with the others.
func (c *Client) PauseMessage(ctx context.Context, umid string) (v1.Message, error) {
	return c.controlMessage(ctx, umid, "pause")
}

// ResumeMessage has them go on.
func (c *Client) ResumeMessage(ctx context.Context, umid string) (v1.Message, error) {
	return c.controlMessage(ctx, umid, "resume")
}

// CancelMessage ends them for good.
func (c *Client) CancelMessage(ctx context.Context, umid string) (v1.Message, error) {
	return c.controlMessage(ctx, umid, "cancel")
}

func (c *Client) controlMessage(ctx context.Context, umid, verb string) (v1.Message, error) {
	var m v1.Message
	_, err := c.call(ctx, request{method: http.MethodPost, path: path("v1", "messages", umid, verb), repeatable: true}, &m)
	return m, err
}
