package oidc

import (
	"slices"
	"time"
)

// Identity is what a verified token says about its bearer.
type Identity struct {
	// Subject is the token's sub: a person, or the client itself. It may be empty.
	Subject string
	// Client names the application that got the token, see Options.ClientClaims. It is never empty.
	Client string
	// Roles are those found at Options.ClaimPath, in the token's order; often none.
	Roles []string
	// Expires is the token's exp, without clock skew.
	Expires time.Time
}

// clone returns an identity whose roles the caller may change.
func (i Identity) clone() Identity {
	i.Roles = slices.Clone(i.Roles)
	return i
}

// identity reads who the bearer is.
func (c claims) identity(o Options) (Identity, error) {
	var id Identity
	var err error
	if id.Subject, err = c.text("sub"); err != nil {
		return Identity{}, err
	}
	if id.Client, err = c.client(o.ClientClaims); err != nil {
		return Identity{}, err
	}
	if id.Roles, err = c.roles(o.ClaimPath); err != nil {
		return Identity{}, err
	}
	id.Expires, _, err = c.date("exp")
	return id, err
}

// client returns the first of the named claims that is present. A token that names no client is malformed.
func (c claims) client(names []string) (string, error) {
	for _, name := range names {
		client, err := c.text(name)
		if client != "" || err != nil {
			return client, err
		}
	}
	return "", ErrMalformed
}
