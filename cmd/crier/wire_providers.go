package main

import (
	"fmt"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/webhook"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// providers makes what stands behind each channel. One sandbox shows what goes there on all channels.
func (a *App) providers(c *crew, s *store, k *knowledge) (map[rooms.Channel][]channels.Configured, error) {
	out := map[rooms.Channel][]channels.Configured{}
	p := a.config.Providers
	if p.Sandboxed() {
		var err error
		if a.outbox, err = sandbox.New(a.config.Sandbox); err != nil {
			return nil, err
		}
		a.log.Warn("the sandbox is in use: what goes there reaches nobody")
	}
	for _, one := range append([]config.EmailRelay{p.Email.EmailRelay}, p.Email.More...) {
		provider, err := a.mailer(c, one, len(p.Email.More) > 0)
		if err != nil {
			return nil, err
		}
		if provider != nil {
			out[rooms.Email] = append(out[rooms.Email], configured(one.Called(one.Kind), one.Share, provider))
		}
	}
	for _, one := range append([]config.SMSCentre{p.SMS.SMSCentre}, p.SMS.More...) {
		provider, err := a.texter(c, s, k, one, len(p.SMS.More) > 0)
		if err != nil {
			return nil, err
		}
		if provider != nil {
			out[rooms.SMS] = append(out[rooms.SMS], configured(one.Called(one.Kind), one.Share, provider))
		}
	}
	switch p.Webhook.Kind {
	case config.KindSandbox:
		out[rooms.Webhook] = []channels.Configured{configured(config.KindSandbox, config.Share{}, a.outbox)}
	case config.KindHTTP:
		out[rooms.Webhook] = []channels.Configured{configured(config.KindHTTP, config.Share{}, webhook.New(k.calls, s.broker.Now))}
	}
	return out, a.platforms(c, s, k, out)
}

func configured(name string, s config.Share, p channels.Provider) channels.Configured {
	return channels.Configured{Named: channels.Named{Name: name, Provider: p}, Weight: s.Weight, Rate: s.Rate}
}

// mailer makes a provider of e-mail, nil for none.
func (a *App) mailer(c *crew, one config.EmailRelay, several bool) (channels.Provider, error) {
	switch one.Kind {
	case config.KindSandbox:
		return a.sandboxed(one.Share, several), nil
	case config.KindSMTP:
		relay, err := email.New(one.Options, a.log.With("part", "email", "provider", one.Called(one.Kind)))
		if err != nil {
			return nil, fmt.Errorf("providers.email: %s: %w", one.Called(one.Kind), err)
		}
		c.onStop("email "+one.Called(one.Kind), relay.Close)
		return relay, nil
	}
	return nil, nil
}

// texter makes a provider of SMS, nil for none.
func (a *App) texter(c *crew, s *store, k *knowledge, one config.SMSCentre, several bool) (channels.Provider, error) {
	switch one.Kind {
	case config.KindSandbox:
		return a.sandboxed(one.Share, several), nil
	case config.KindHTTP:
		return a.texterByHTTP(c, s, k, one)
	case config.KindSMPP:
		name := one.Called(one.Kind)
		centre, err := smpp.New(name, one.Options, a.log.With("part", "sms", "provider", name))
		if err != nil {
			return nil, fmt.Errorf("providers.sms: %s: %w", name, err)
		}
		c.onStop("sms "+name, centre.Close)
		return centre, nil
	}
	return nil, nil
}

// sandboxed is the sandbox in the place of a provider.
func (a *App) sandboxed(s config.Share, several bool) channels.Provider {
	if !several && s.Fail == "" {
		return a.outbox
	}
	return a.outbox.As(s.Called(config.KindSandbox), sandbox.Fail(s.Fail))
}
