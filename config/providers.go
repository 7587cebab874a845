package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/channels/matrix"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/webhook"
	"github.com/govcrier/crier/channels/webpush"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/rooms"
)

// The kinds of providers.
const (
	KindNone    = "none"    // deliveries wait for a provider, and expire
	KindSandbox = "sandbox" // nobody is reached; see the section sandbox
	KindSMTP    = "smtp"    // a mail relay
	KindSMPP    = "smpp"    // an SMS centre
	KindWebPush = "vapid"   // the push services of browsers, which know us by VAPID (RFC 8292)
	KindMatrix  = "matrix"  // a homeserver
	KindBot     = "bot"     // a bot of Telegram
	KindCloud   = "cloud"   // WhatsApp's Cloud API
	KindHTTP    = "http"    // the URLs that applications have named; of SMS a provider that is asked by HTTP
)

// Providers are what stands behind each channel.
type Providers struct {
	Email   EmailProvider   `yaml:"email"`
	SMS     SMSProvider     `yaml:"sms"`
	Webhook WebhookProvider `yaml:"webhook"`

	WebPush  PlatformProvider[webpush.Options]  `yaml:"webpush"`
	Matrix   PlatformProvider[matrix.Options]   `yaml:"matrix"`
	Telegram PlatformProvider[telegram.Options] `yaml:"telegram"`
	WhatsApp PlatformProvider[whatsapp.Options] `yaml:"whatsapp"`
}

// EmailProvider sends e-mail: one provider, and perhaps more.
type EmailProvider struct {
	EmailRelay `yaml:",inline"`
	More       []EmailRelay `yaml:"more"`
}

// EmailRelay is one of them.
type EmailRelay struct {
	Kind          string `yaml:"kind"`
	Share         `yaml:",inline"`
	email.Options `yaml:",inline"`
}

// SMSProvider sends text messages: one provider, and perhaps more.
type SMSProvider struct {
	SMSCentre `yaml:",inline"`
	More      []SMSCentre `yaml:"more"`
}

// SMSCentre is one of them.
type SMSCentre struct {
	Kind         string `yaml:"kind"`
	Share        `yaml:",inline"`
	smpp.Options `yaml:",inline"`
	HTTP         httpsms.Options `yaml:"http"`
}

// WebhookProvider posts to applications.
type WebhookProvider struct {
	Kind            string `yaml:"kind"`
	webhook.Options `yaml:",inline"`
}

func (p Providers) withDefaults() Providers {
	p.Email.EmailRelay = p.Email.withDefaults()
	p.Email.More = slices.Clone(p.Email.More)
	for i, one := range p.Email.More {
		p.Email.More[i] = one.withDefaults()
	}
	p.SMS.SMSCentre = p.SMS.withDefaults()
	p.SMS.More = slices.Clone(p.SMS.More)
	for i, one := range p.SMS.More {
		p.SMS.More[i] = one.withDefaults()
	}
	if p.Webhook.Kind == "" { // it needs nothing that an operator would have to name
		p.Webhook.Kind = KindHTTP
	}
	p.Webhook.Options = p.Webhook.WithDefaults()
	p.WebPush, p.Matrix = p.WebPush.withDefaults(KindWebPush), p.Matrix.withDefaults(KindMatrix)
	p.Telegram, p.WhatsApp = p.Telegram.withDefaults(KindBot), p.WhatsApp.withDefaults(KindCloud)
	return p
}

func (p EmailRelay) withDefaults() EmailRelay {
	p.Kind = cmp.Or(p.Kind, KindNone)
	if p.Kind == KindSMTP {
		p.Options = p.Options.WithDefaults()
	}
	return p
}

func (p SMSCentre) withDefaults() SMSCentre {
	p.Kind = cmp.Or(p.Kind, KindNone)
	switch p.Kind {
	case KindHTTP:
		p.HTTP = p.HTTP.WithDefaults()
	case KindSMPP:
		p.Options = p.Options.WithDefaults()
	}
	return p
}

// Check names every fault of all providers together.
func (p EmailProvider) Check() []error {
	faults, names := p.EmailRelay.Check(), []string{p.Called(p.Kind)}
	for i, one := range p.More {
		faults = append(faults, ofMore(i, one.Check())...)
		names = append(names, one.Called(one.Kind))
	}
	return append(faults, checkNames(names)...)
}

// Check names every fault; the options of a relay count only where there is one.
func (p EmailRelay) Check() []error {
	faults := p.Share.check(p.Kind)
	if p.Kind == KindSMTP {
		return append(faults, p.Options.Check()...)
	}
	return append(faults, checkKind(p.Kind, KindNone, KindSMTP, KindSandbox)...)
}

// Check names every fault of all providers together.
func (p SMSProvider) Check() []error {
	faults, names := p.SMSCentre.Check(), []string{p.Called(p.Kind)}
	for i, one := range p.More {
		faults = append(faults, ofMore(i, one.Check())...)
		names = append(names, one.Called(one.Kind))
	}
	return append(faults, checkNames(names)...)
}

// Check names every fault, also options of a kind that it is not: nothing would come of them. Without a provider they wait.
func (p SMSCentre) Check() []error {
	faults := p.Share.check(p.Kind)
	if key := firstSet(p.Options); key != "" && (p.Kind == KindHTTP || p.Kind == KindSandbox) {
		faults = append(faults, fmt.Errorf("%s: only where kind is %s", key, KindSMPP))
	}
	if key := firstSet(p.HTTP); key != "" && (p.Kind == KindSMPP || p.Kind == KindSandbox) {
		faults = append(faults, fmt.Errorf("http.%s: only where kind is %s", key, KindHTTP))
	}
	switch p.Kind {
	case KindHTTP:
		return append(faults, below("http", "httpsms", p.HTTP.Check())...)
	case KindSMPP:
		return append(faults, p.Options.Check()...)
	}
	return append(faults, checkKind(p.Kind, KindNone, KindSMPP, KindHTTP, KindSandbox)...)
}

// below gives the faults of a package the names of keys one section deeper.
func below(section, pkg string, faults []error) []error {
	out := make([]error, len(faults))
	for i, f := range faults {
		out[i] = errors.New(section + "." + strings.TrimPrefix(f.Error(), pkg+": "))
	}
	return out
}

// Check names every fault.
func (p WebhookProvider) Check() []error {
	return append(checkKind(p.Kind, KindNone, KindHTTP, KindSandbox), p.Options.Check()...)
}

func checkKind(kind string, known ...string) []error {
	for _, k := range known {
		if kind == k {
			return nil
		}
	}
	return []error{fmt.Errorf("kind: one of %s", strings.Join(known, ", "))}
}

// Names are those by which policies name the providers, by channel.
func (p Providers) Names() rooms.Providers {
	names := rooms.Providers{}
	p.each(func(c rooms.Channel, kind string, s Share) { names[c] = append(names[c], s.Called(kind)) })
	return names
}

// each visits all providers, channel by channel.
func (p Providers) each(visit func(c rooms.Channel, kind string, s Share)) {
	add := func(c rooms.Channel, kind string, s Share) {
		if kind != KindNone {
			visit(c, kind, s)
		}
	}
	for _, one := range append([]EmailRelay{p.Email.EmailRelay}, p.Email.More...) {
		add(rooms.Email, one.Kind, one.Share)
	}
	for _, one := range append([]SMSCentre{p.SMS.SMSCentre}, p.SMS.More...) {
		add(rooms.SMS, one.Kind, one.Share)
	}
	add(rooms.Webhook, p.Webhook.Kind, Share{})
	p.WebPush.each(rooms.WebPush, add)
	p.Matrix.each(rooms.Matrix, add)
	p.Telegram.each(rooms.Telegram, add)
	p.WhatsApp.each(rooms.WhatsApp, add)
}

// Sandboxed says whether a channel goes to the sandbox.
func (p Providers) Sandboxed() bool {
	return p.WebPush.sandboxed() || p.Matrix.sandboxed() || p.Telegram.sandboxed() || p.WhatsApp.sandboxed() ||
		p.Email.Kind == KindSandbox || p.SMS.Kind == KindSandbox || p.Webhook.Kind == KindSandbox ||
		slices.ContainsFunc(p.Email.More, func(one EmailRelay) bool { return one.Kind == KindSandbox }) ||
		slices.ContainsFunc(p.SMS.More, func(one SMSCentre) bool { return one.Kind == KindSandbox })
}
