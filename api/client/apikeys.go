package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// MakeAPIKey gives a client that is registered as a sender a key of the e-mail API, which is shown this once (platform admins).
func (c *Client) MakeAPIKey(ctx context.Context, id string) (v1.NewAPIKey, error) {
	var key v1.NewAPIKey
	_, err := c.call(ctx, request{method: http.MethodPost, path: path("v1", "clients", id, "keys")}, &key)
	return key, err
}

// APIKeys lists the keys of the e-mail API that a client has (platform admins, auditors, and itself).
func (c *Client) APIKeys(ctx context.Context, id string) ([]v1.APIKey, error) {
	var l v1.APIKeyList
	_, err := c.call(ctx, get(path("v1", "clients", id, "keys")), &l)
	return l.Keys, err
}

// RevokeAPIKey ends one (platform admins).
func (c *Client) RevokeAPIKey(ctx context.Context, id, key string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "clients", id, "keys", key)}, nil)
	return err
}
