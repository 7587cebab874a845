package client

import (
	"context"
	"iter"
	"net/http"

	v1 "github.com/govcrier/crier/api/v1"
)

// Suppressions lists the addresses that take nothing, by their keyed hashes.
func (c *Client) Suppressions(ctx context.Context) iter.Seq2[v1.Suppression, error] {
	return walk(ctx, func(ctx context.Context, cursor string) (page[v1.Suppression], error) {
		var l v1.SuppressionList
		_, err := c.call(ctx, list(path("v1", "suppressions"), cursor), &l)
		return page[v1.Suppression]{l.Suppressions, l.Next}, err
	})
}

// FindSuppression asks about one address; the problem unknown_suppression says that it is written to.
func (c *Client) FindSuppression(ctx context.Context, contact v1.Contact) (s v1.FoundSuppression, err error) {
	err = c.about(ctx, path("v1", "suppressions", "find"), contact, &s)
	return s, err
}

// RemoveSuppression has an address written to again, by the id under which it is listed.
func (c *Client) RemoveSuppression(ctx context.Context, id string) error {
	_, err := c.call(ctx, request{method: http.MethodDelete, path: path("v1", "suppressions", id)}, nil)
	return err
}

// ExportPerson gives all that is kept of who is reached there, in the clear.
func (c *Client) ExportPerson(ctx context.Context, contact v1.Contact) (p v1.PersonData, err error) {
	err = c.about(ctx, path("v1", "persons", "export"), contact, &p)
	return p, err
}

// ErasePerson erases it.
func (c *Client) ErasePerson(ctx context.Context, contact v1.Contact) (p v1.PersonErased, err error) {
	err = c.about(ctx, path("v1", "persons", "erase"), contact, &p)
	return p, err
}

// about names a contact in the body, so that it stands in no URL.
func (c *Client) about(ctx context.Context, path string, contact v1.Contact, out any) error {
	r, err := request{method: http.MethodPost, path: path}.withBody(contact)
	if err == nil {
		_, err = c.call(ctx, r, out)
	}
	return err
}
