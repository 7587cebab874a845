package whatsapp

import (
	"context"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Receipts has fn hear what Meta reports. What fn fails at is answered so that Meta comes again.
func (c *Cloud) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	return c.receipts.Listen(ctx, fn)
}

// Inbound has fn hear what people write. What fn fails at is answered so that Meta comes again.
func (c *Cloud) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	return c.texts.Listen(ctx, fn)
}
