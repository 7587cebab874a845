package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Registration says in whose name a client sends, with the ETag under which it was read.
type Registration struct {
	v1.RegisteredClient
	// ETag goes into PutClient, so that no change of somebody else is lost.
	ETag string
}

// Clients lists in whose name clients send (platform admins and auditors).
func (c *Client) Clients(ctx context.Context) ([]v1.RegisteredClient, error) {
	var l v1.ClientList
	_, err := c.call(ctx, get(path("v1", "clients")), &l)
	return l.Clients, err
}

// Client reads in whose name a client sends (platform admins, auditors, and itself).
func (c *Client) Client(ctx context.Context, id string) (Registration, error) {
	return c.registration(ctx, get(path("v1", "clients", id)))
}

// PutClient registers a client as a sender, or changes its registration as it was read under etag; an empty one stands for a
// client that has none (platform admins).
func (c *Client) PutClient(ctx context.Context, id, etag string, wanted v1.ClientChange) (Registration, error) {
	r, err := request{method: http.MethodPut, path: path("v1", "clients", id), ifMatch: etag}.withBody(wanted)
	if err != nil {
		return Registration{}, err
	}
	return c.registration(ctx, r)
}

// RemoveClient ends a client's registration as a sender (platform admins).
func (c *Client) RemoveClient(ctx context.Context, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "clients", id)}, nil)
	return err
}

// Quota tells what the caller may still send. An empty list says that no quota applies to it.
func (c *Client) Quota(ctx context.Context) ([]v1.Quota, error) {
	var l v1.QuotaList
	_, err := c.call(ctx, get(path("v1", "quota")), &l)
	return l.Quotas, err
}

func (c *Client) registration(ctx context.Context, r request) (Registration, error) {
	var one Registration
	header, err := c.call(ctx, r, &one.RegisteredClient)
	one.ETag = header.Get("ETag")
	return one, err
}
