package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
)

// PlatformProvider sends by a messaging platform, with options O: one provider, and perhaps more.
type PlatformProvider[O PlatformOptions[O]] struct {
	Platform[O] `yaml:",inline"`
	More        []Platform[O] `yaml:"more"`
}

// Platform is one of them: none, the sandbox, or the platform itself.
type Platform[O PlatformOptions[O]] struct {
	Kind    string `yaml:"kind"`
	Share   `yaml:",inline"`
	Options O `yaml:",inline"`
}

// PlatformOptions are what a platform's package is made with.
type PlatformOptions[O any] interface {
	WithDefaults() O
	Check() []error
}

func (p PlatformProvider[O]) withDefaults(kind string) PlatformProvider[O] {
	p.Platform, p.More = p.Platform.withDefaults(kind), slices.Clone(p.More)
	for i, one := range p.More {
		p.More[i] = one.withDefaults(kind)
	}
	return p
}

// withDefaults gives options no kind: they say that a platform was meant, and check asks which.
func (p Platform[O]) withDefaults(kind string) Platform[O] {
	if firstSet(p.Options) == "" {
		p.Kind = cmp.Or(p.Kind, KindNone)
	}
	if p.Kind == kind {
		p.Options = p.Options.WithDefaults()
	}
	return p
}

func (p PlatformProvider[O]) check(kind string) []error {
	faults, names := p.Platform.check(kind), []string{p.Called(cmp.Or(p.Kind, KindNone))}
	for i, one := range p.More {
		faults = append(faults, ofMore(i, one.check(kind))...)
		names = append(names, one.Called(cmp.Or(one.Kind, KindNone)))
	}
	return append(faults, checkNames(names)...)
}

// check names every fault, also options of a kind that it is not, or of none that is named: nothing would come of them.
func (p Platform[O]) check(kind string) []error {
	faults := p.Share.check(cmp.Or(p.Kind, KindNone))
	if p.Kind == kind {
		return append(faults, p.Options.Check()...)
	}
	key := firstSet(p.Options)
	if key != "" && p.Kind == "" {
		return append(faults, fmt.Errorf("kind: is missing, so that %s does nothing; %s, or %s to let it wait", key, kind, KindNone))
	}
	if key != "" && p.Kind != KindNone {
		faults = append(faults, fmt.Errorf("%s: only where kind is %s", key, kind))
	}
	return append(faults, checkKind(p.Kind, KindNone, kind, KindSandbox)...)
}

// checkOnly is check for a platform on which a person belongs to one provider; why says so.
func (p PlatformProvider[O]) checkOnly(kind, why string) []error {
	if len(p.More) > 0 {
		return append(p.Platform.check(kind), errors.New("more: "+why))
	}
	return p.check(kind)
}

// All lists the first provider and the others.
func (p PlatformProvider[O]) All() []Platform[O] { return append([]Platform[O]{p.Platform}, p.More...) }

func (p PlatformProvider[O]) sandboxed() bool {
	return slices.ContainsFunc(p.All(), func(one Platform[O]) bool { return one.Kind == KindSandbox })
}

func (p PlatformProvider[O]) each(c rooms.Channel, visit func(c rooms.Channel, kind string, s Share)) {
	for _, one := range p.All() {
		visit(c, one.Kind, one.Share)
	}
}
