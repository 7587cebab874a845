package email

import (
	"cmp"
	"errors"
	"regexp"
	"strings"
)

// Options of the e-mail API.
type Options struct {
	// Prefix is the path under which it is served besides the root. Default "/govstack/messaging".
	Prefix string `yaml:"prefix"`
}

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	o.Prefix = cmp.Or(o.Prefix, "/govstack/messaging")
	return o
}

// Check names every fault at once.
func (o Options) Check() []error {
	p := o.WithDefaults().Prefix
	if !regexp.MustCompile(`^(/[a-z0-9][a-z0-9._-]*)+$`).MatchString(p) || p == "/v1" || strings.HasPrefix(p, "/v1/") {
		return []error{errors.New("govstackEmail.prefix is a path such as /govstack/messaging, in lower case, and not below /v1")}
	}
	return nil
}
