package main

import (
	"errors"
	"fmt"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/webpush"
	"github.com/govcrier/crier/channels/whatsapp"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// platforms makes what stands behind the messaging platforms.
func (a *App) platforms(c *crew, s *store, k *knowledge, out map[rooms.Channel][]channels.Configured) error {
	p := a.config.Providers
	pusher := func(name string, o webpush.Options) (channels.Provider, error) { return a.pusher(c, s, name, o) }
	return errors.Join(
		platform(a, out, rooms.WebPush, p.WebPush, pusher),
		platform(a, out, rooms.Matrix, p.Matrix, a.homeserver(c, s, k)),
		platform(a, out, rooms.Telegram, p.Telegram, func(name string, o telegram.Options) (channels.Provider, error) { return a.bot(c, s, k, name, o) }),
		platform(a, out, rooms.WhatsApp, p.WhatsApp, func(name string, o whatsapp.Options) (channels.Provider, error) { return a.cloud(c, s, k, name, o) }),
	)
}

// platform makes the providers of one of them; by makes that of the platform itself.
func platform[O config.PlatformOptions[O]](a *App, out map[rooms.Channel][]channels.Configured, c rooms.Channel, p config.PlatformProvider[O],
	by func(name string, o O) (channels.Provider, error)) error {
	for _, one := range p.All() {
		name, provider := one.Called(one.Kind), channels.Provider(nil)
		switch one.Kind {
		case config.KindNone:
			continue
		case config.KindSandbox:
			provider = a.sandboxed(one.Share, len(p.More) > 0)
		default:
			var err error
			if provider, err = by(name, one.Options); err != nil {
				return fmt.Errorf("providers.%s: %s: %w", c, name, err)
			}
		}
		out[c] = append(out[c], configured(name, one.Share, provider))
	}
	return nil
}
