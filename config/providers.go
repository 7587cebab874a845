package config

import (
	"fmt"
	"strings"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/webhook"
	"github.com/govcrier/crier/rooms"
)

// The kinds of providers.
const (
	KindNone    = "none"    // deliveries wait for a provider, and expire
	KindSandbox = "sandbox" // nobody is reached; see the section sandbox
	KindSMTP    = "smtp"    // a mail relay
	KindHTTP    = "http"    // the URLs that applications have named
)

// Providers are what stands behind each channel.
type Providers struct {
	Email   EmailProvider   `yaml:"email"`
	SMS     SMSProvider     `yaml:"sms"`
	Webhook WebhookProvider `yaml:"webhook"`
}

// EmailProvider sends e-mail.
type EmailProvider struct {
	Kind          string `yaml:"kind"`
	email.Options `yaml:",inline"`
}

// SMSProvider sends text messages.
type SMSProvider struct {
	Kind string `yaml:"kind"`
}

// WebhookProvider posts to applications.
type WebhookProvider struct {
	Kind            string `yaml:"kind"`
	webhook.Options `yaml:",inline"`
}

func (p Providers) withDefaults() Providers {
	if p.Email.Kind == "" {
		p.Email.Kind = KindNone
	}
	if p.SMS.Kind == "" {
		p.SMS.Kind = KindNone
	}
	if p.Webhook.Kind == "" { // it needs nothing that an operator would have to name
		p.Webhook.Kind = KindHTTP
	}
	p.Webhook.Options = p.Webhook.WithDefaults()
	if p.Email.Kind == KindSMTP {
		p.Email.Options = p.Email.WithDefaults()
	}
	return p
}

// Check names every fault; the options of a relay count only where there is one.
func (p EmailProvider) Check() []error {
	if p.Kind == KindSMTP {
		return p.Options.Check()
	}
	return checkKind(p.Kind, KindNone, KindSMTP, KindSandbox)
}

// Check names every fault.
func (p SMSProvider) Check() []error { return checkKind(p.Kind, KindNone, KindSandbox) }

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
	for channel, kind := range map[rooms.Channel]string{rooms.Email: p.Email.Kind, rooms.SMS: p.SMS.Kind, rooms.Webhook: p.Webhook.Kind} {
		if kind != KindNone {
			names[channel] = []string{kind}
		}
	}
	return names
}

// Sandboxed says whether a channel goes to the sandbox.
func (p Providers) Sandboxed() bool {
	return p.Email.Kind == KindSandbox || p.SMS.Kind == KindSandbox || p.Webhook.Kind == KindSandbox
}
