package httpsms_test

import (
	"context"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/channels/httpsms/httpsmstest"
	"github.com/govcrier/crier/rooms"
)

// signed gives deliveries the token that the bridge would give them.
type signed struct {
	*httpsms.Provider
	tokens *tokens
}

func (s signed) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	d.Token = s.tokens.sign(d)
	return s.Provider.Send(ctx, d)
}

func TestProviderKeepsTheContract(t *testing.T) {
	server := httpsmstest.New(t)
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.SMS,
		Accepted: phone(t, "+996555000111"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: phone(t, "+996555000101"), channels.Throttled: phone(t, "+996555000102"),
			channels.Rejected: phone(t, "+996555000103"), channels.Suppressed: phone(t, "+996555000104"),
		},
		Silent:          phone(t, "+996555000105"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Receipts: map[rooms.Status]rooms.Address{
			rooms.Delivered: phone(t, "+996555000111"), rooms.Failed: phone(t, "+996555000109"),
		},
		Wire: func(*testing.T) []byte { return server.Wire() },
	}, func(t *testing.T) channels.Provider {
		k := newTokens()
		p, _ := provider(t, acmeOptions(t, server), deps(k))
		return signed{p, k}
	})
}
