package email

import (
	"context"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

var _ channels.Prober = (*Provider)(nil)

// Probe connects to the relay as for a message, and says good-bye. Whatever the relay answers, it lives.
func (p *Provider) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.options.SendTimeout)
	defer cancel()
	s, err := p.pool.dial(ctx)
	if err == nil {
		s.quit()
		return nil
	}
	if r := judge(err, ctx.Err() != nil).Reason; r == rooms.Unreachable || r == rooms.TimedOut {
		return err
	}
	return nil
}
