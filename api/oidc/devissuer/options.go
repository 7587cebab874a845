package devissuer

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Options say whom the issuer knows. The zero value is an issuer that knows nobody.
type Options struct {
	// Clients are the applications that may ask for tokens.
	Clients []Client `yaml:"clients"`
	// Users are the people to choose from on the login page. Without any, a client logs in as itself.
	Users []User `yaml:"users"`
	// Audience is the aud of access tokens. Default "crier" alone.
	Audience []string `yaml:"audience"`
	// TokenLifetime is the time from issue to exp. Default 1h.
	TokenLifetime time.Duration `yaml:"tokenLifetime"`
}

// Client is an application.
type Client struct {
	// ID is the client_id.
	ID string `yaml:"id"`
	// Secret lets the client use the client credentials grant. Empty for a public client.
	Secret string `yaml:"secret" json:"-"`
	// Roles go into tokens that the client gets for itself.
	Roles []string `yaml:"roles"`
	// RedirectURIs let the client use the code flow. They must be on loopback; any port matches (RFC 8252 §7.3).
	RedirectURIs []string `yaml:"redirectUris"`
}

// String returns the ID: a client may be printed, its secret not.
func (c Client) String() string { return c.ID }

// User is a person.
type User struct {
	// ID is the sub of tokens for this person.
	ID string `yaml:"id"`
	// Roles go into those tokens.
	Roles []string `yaml:"roles"`
}

// Check returns every fault of the options, nil if there is none.
func (o Options) Check() []error {
	var faults []error
	report := func(option string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", option, err))
		}
	}
	clients := make(map[string]bool)
	for _, c := range o.Clients {
		report("clients", checkID(clients, c.ID))
		for _, uri := range c.RedirectURIs {
			report("clients: "+c.ID+": redirectUris", checkLoopbackURL(uri))
		}
	}
	users := make(map[string]bool)
	for _, u := range o.Users {
		report("users", checkID(users, u.ID))
	}
	if o.TokenLifetime < 0 {
		report("tokenLifetime", errors.New("must not be negative"))
	}
	return faults
}

func checkID(seen map[string]bool, id string) error {
	if id == "" {
		return errors.New("an id is empty")
	}
	if seen[id] {
		return fmt.Errorf("id %q occurs twice", id)
	}
	seen[id] = true
	return nil
}

func checkLoopbackURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q is not an HTTP URL", text)
	case !isLoopback(u.Hostname()):
		return fmt.Errorf("%q is not on loopback", text)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q has a query or fragment", text)
	}
	return nil
}

func (o Options) withDefaults() Options {
	if len(o.Audience) == 0 {
		o.Audience = []string{"crier"}
	}
	o.TokenLifetime = cmp.Or(o.TokenLifetime, time.Hour)
	return o
}
