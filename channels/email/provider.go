package email

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/lanes"
	"github.com/govcrier/crier/rooms"
)

// Provider sends over one mail relay. It is safe for concurrent use.
type Provider struct {
	compose composer
	places  *lanes.Places
	pool    *pool
	options Options
}

var _ channels.Provider = (*Provider)(nil)

// New makes a provider. It fails if the options have faults or a file that they name cannot be
// read; it does not call the relay, which may be down at the moment. The log hears when the
// relay cannot be used, and when it can again; neither contact nor content is written there.
func New(o Options, log *slog.Logger) (*Provider, error) {
	if err := o.errOptions(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	d, err := newDialer(o, log)
	if err != nil {
		return nil, err
	}
	c, err := newComposer(o)
	if err != nil {
		return nil, err
	}
	return &Provider{c, lanes.NewPlaces(o.MaxConnections, o.MaxPerDestination), newPool(o, d.dial), o}, nil
}

// Send hands a delivery to the relay. It never says suppressed, and its provider id is the
// relay's queue id where the relay tells one: another one for each attempt. Outcome.Code is the
// SMTP reply code with the enhanced status code (RFC 3463) if there is one: "451 4.7.1".
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.Email) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	m, err := p.compose.message(d)
	switch {
	case errors.Is(err, errSealing):
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: codeSealing}
	case err != nil:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected}
	}
	release, err := p.places.Take(ctx, d.Lane, strings.ToLower(domain(m.to)))
	if o, full := channels.Full(err); full {
		return o
	}
	if err != nil {
		return judge(err, true)
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, p.options.SendTimeout)
	defer cancel()
	answer, err := p.handOver(ctx, m)
	if err != nil {
		o := judge(err, ctx.Err() != nil)
		o.After = min(o.After, p.options.MaxRetryAfter)
		return o
	}
	return channels.Outcome{Result: channels.Sent, ProviderID: queueID(answer)}
}

// handOver sends the message, over a new connection if one that had been used before turns out
// to be dead before the relay has accepted anything.
func (p *Provider) handOver(ctx context.Context, m message) (answer string, err error) {
	s, err := p.pool.take(ctx)
	if err != nil {
		return "", err
	}
	used := s.used()
	answer, err = p.transact(ctx, s, m)
	if err == nil || !used || !speaksOfConnection(err) || ctx.Err() != nil {
		return answer, err
	}
	s, err = p.pool.takeNew(ctx)
	if err != nil {
		return "", err
	}
	return p.transact(ctx, s, m)
}

// transact sends the message over a connection and gives that back to the pool.
func (p *Provider) transact(ctx context.Context, s *session, m message) (answer string, err error) {
	alive := s.under(ctx, func() { answer, err = s.send(m) })
	p.pool.give(s, alive && s.recover(err))
	return answer, err
}

// Close ends the connections that wait for work. Deliveries under way are finished; later ones
// are deferred.
func (p *Provider) Close() error {
	p.pool.close()
	return nil
}
