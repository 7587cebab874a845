package httpsms

import (
	"context"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Receipts has fn hear what the provider reports. What fn fails at is answered so that the provider comes again.
func (p *Provider) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	return p.receipts.Listen(ctx, fn)
}

// Inbound has fn hear what people write. What fn fails at is answered so that the provider comes again.
func (p *Provider) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	return p.texts.Listen(ctx, fn)
}
