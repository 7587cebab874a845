package config

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/rooms"
)

// Share is what a provider is called beside the others of its channel, and how much it gets.
type Share struct {
	Name   string  `yaml:"name"`
	Weight int     `yaml:"weight"`
	Rate   float64 `yaml:"rate"`
	Fail   string  `yaml:"fail"` // sandbox only
}

// Called is the name of a provider of a kind.
func (s Share) Called(kind string) string { return cmp.Or(s.Name, kind) }

func (s Share) check(kind string) []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	_, err := rooms.ParsePolicyName(s.Called(kind))
	bad(err != nil && s.Name != "", "name: lower-case letters, digits and hyphens")
	bad(s.Weight < 0, "weight: must not be negative")
	bad(s.Rate < 0 || s.Rate > 0 && s.Rate < 0.01, "rate: 0, or at least 0.01 a second")
	bad(!sandbox.Fail(s.Fail).Valid(), "fail: always, temporarily, or nothing")
	bad(s.Fail != "" && kind != KindSandbox, "fail: only the sandbox fails on demand")
	return faults
}

// checkNames finds names that stand twice. One provider needs none.
func checkNames(all []string) []error {
	seen := map[string]bool{}
	for _, name := range all {
		if seen[name] {
			return []error{fmt.Errorf("more: each provider has a name of its own, %s stands twice", name)}
		}
		seen[name] = name != KindNone
	}
	return nil
}

// shared finds names that providers of two channels have been given: by its name alone a provider is called from outside, and what
// it has sent is found again. What is called by its kind alone may stand on several: of one channel at most it is called from outside.
func (p Providers) shared() []error {
	type holder struct {
		channel rooms.Channel
		given   bool
	}
	var faults []error
	first := map[string]holder{}
	p.each(func(c rooms.Channel, kind string, s Share) {
		name, mine := s.Called(kind), holder{c, s.Name != ""}
		other, taken := first[name]
		switch {
		case !taken:
			first[name] = mine
		case other.channel != c && (other.given || mine.given):
			faults = append(faults, fmt.Errorf("providers.%s: %s is also what a provider of %s is called; a name that is given belongs to one provider of all channels", c, name, other.channel))
		}
	})
	return faults
}

// ofMore says that faults are those of a further provider, counted from 2.
func ofMore(i int, faults []error) []error {
	out := make([]error, len(faults))
	for n, f := range faults {
		out[n] = fmt.Errorf("more: provider %d: %s", i+2, strings.TrimPrefix(f.Error(), "email: "))
	}
	return out
}
