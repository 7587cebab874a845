package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// SetCallback says where the caller is told how its messages stand. A new secret is in this answer only.
func (c *Client) SetCallback(ctx context.Context, url string) (v1.Callback, error) {
	r, err := request{method: http.MethodPut, path: path("v1", "callback")}.withBody(v1.NewWebhook{URL: url})
	if err != nil {
		return v1.Callback{}, err
	}
	return c.callback(ctx, r)
}

// Callback is where the caller is told; the problem unknown_callback says nowhere.
func (c *Client) Callback(ctx context.Context) (v1.Callback, error) {
	return c.callback(ctx, get(path("v1", "callback")))
}

// RotateCallback gives the caller another secret, which is in this answer only.
func (c *Client) RotateCallback(ctx context.Context) (v1.Callback, error) {
	return c.callback(ctx, request{method: http.MethodPost, path: path("v1", "callback", "secret")})
}

// RemoveCallback ends the caller's callbacks.
func (c *Client) RemoveCallback(ctx context.Context) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "callback")}, nil)
	return err
}

func (c *Client) callback(ctx context.Context, r request) (cb v1.Callback, err error) {
	_, err = c.call(ctx, r, &cb)
	return cb, err
}
