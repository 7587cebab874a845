package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Connections lists the NATS clients that are connected (platform admins).
func (c *Client) Connections(ctx context.Context) ([]v1.Connection, error) {
	var list v1.ConnectionList
	_, err := c.call(ctx, get("/v1/connections"), &list)
	return list.Connections, err
}

// Blocked lists the clients that are kept out (platform admins and auditors).
func (c *Client) Blocked(ctx context.Context) ([]v1.Blocked, error) {
	var list v1.BlockedList
	_, err := c.call(ctx, get("/v1/blocked"), &list)
	return list.Blocked, err
}

// Block keeps a client out, whatever its tokens say (platform admins).
func (c *Client) Block(ctx context.Context, id string) (v1.Blocked, error) {
	var b v1.Blocked
	_, err := c.call(ctx, request{method: http.MethodPut, path: path("v1", "blocked", id), repeatable: true}, &b)
	return b, err
}

// Unblock lets a client in again (platform admins).
func (c *Client) Unblock(ctx context.Context, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "blocked", id), repeatable: true}, nil)
	return err
}
