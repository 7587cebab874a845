package client

import (
	"context"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Provider is how a provider is used and fares, with the ETag under which it was read.
type Provider struct {
	v1.Provider
	// ETag goes into PutProvider, so that no decision of somebody else is lost.
	ETag string
}

// Providers lists what stands behind the channels (platform admins and auditors).
func (c *Client) Providers(ctx context.Context) ([]v1.Provider, error) {
	var l v1.ProviderList
	_, err := c.call(ctx, get(path("v1", "providers")), &l)
	return l.Providers, err
}

// Provider reads how one fares, and what was decided about it (platform admins and auditors).
func (c *Client) Provider(ctx context.Context, channel, name string) (Provider, error) {
	return c.provider(ctx, get(path("v1", "providers", channel, name)))
}

// PutProvider has a provider be used otherwise, if nothing was decided since it was read under etag; an empty one stands for
// whatever was decided (platform admins).
func (c *Client) PutProvider(ctx context.Context, channel, name, etag string, wanted v1.ProviderChange) (Provider, error) {
	r, err := request{method: http.MethodPut, path: path("v1", "providers", channel, name), ifMatch: etag}.withBody(wanted)
	if err != nil {
		return Provider{}, err
	}
	return c.provider(ctx, r)
}

// TestProvider sends one test message through exactly this provider (platform admins).
func (c *Client) TestProvider(ctx context.Context, channel, name string, to v1.Contact) (v1.ProviderTest, error) {
	var answer v1.ProviderTest
	r, err := request{method: http.MethodPost, path: path("v1", "providers", channel, name, "test")}.withBody(to)
	if err == nil {
		_, err = c.call(ctx, r, &answer)
	}
	return answer, err
}

func (c *Client) provider(ctx context.Context, r request) (Provider, error) {
	var one Provider
	header, err := c.call(ctx, r, &one.Provider)
	one.ETag = header.Get("ETag")
	return one, err
}

// PushKey is the key with which pages subscribe browsers, in base64url; no token is needed.
func (c *Client) PushKey(ctx context.Context) (string, error) {
	var k v1.PushKey
	_, err := c.call(ctx, get(path("v1", "webpush", "key")), &k)
	return k.Key, err
}
