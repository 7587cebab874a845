package webhook

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Options say whom webhooks may call, and how.
type Options struct {
	outbound.Options `yaml:",inline"`
	// KeepSecret is how long a signing secret that was replaced still signs. Default 24h.
	KeepSecret time.Duration `yaml:"keepSecret"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	o.Options = o.Options.WithDefaults()
	if o.KeepSecret == 0 {
		o.KeepSecret = 24 * time.Hour
	}
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	faults := o.Options.Check()
	if o.KeepSecret < 0 {
		faults = append(faults, errors.New("outbound: keepSecret: not negative"))
	}
	return faults
}

// Caller makes signed calls.
type Caller interface {
	Post(ctx context.Context, c outbound.Call) outbound.Answer
}

// Provider posts deliveries. It is safe for concurrent use.
type Provider struct {
	calls Caller
	now   func() time.Time
}

var _ channels.Provider = (*Provider)(nil)

// New makes a provider. now is the clock by which secrets end.
func New(calls Caller, now func() time.Time) *Provider { return &Provider{calls, now} }

// Send posts a delivery. Its provider id is the header webhook-id, and Outcome.Code is the status
// of HTTP or a word of package outbound.
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.Webhook) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if ctx.Err() != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	body, err := event(d)
	if err != nil {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "unencodable"}
	}
	id := identity(d.ID)
	a := p.calls.Post(ctx, outbound.Call{
		To: d.To.Address, Lane: d.Lane, ID: id, Kind: outbound.CloudEvents, Body: body, Signing: d.To.Active(p.now()),
	})
	return outcome(a, id)
}

// outcome is what an answer means.
func outcome(a outbound.Answer, id string) channels.Outcome {
	if o, full := channels.Full(a.Err); full {
		return o
	}
	o := channels.Outcome{Code: a.Code()}
	switch {
	case a.OK():
		return channels.Outcome{Result: channels.Sent, ProviderID: id, Code: o.Code}
	case a.Status == http.StatusGone:
		o.Result, o.Reason = channels.Suppressed, rooms.Suppressed
	case a.Final():
		o.Result, o.Reason = channels.Rejected, rooms.Rejected
	default:
		o.Result, o.Reason, o.After = channels.Deferred, why(a), a.RetryAfter
	}
	return o
}

// why says what kept a call from being answered well.
func why(a outbound.Answer) rooms.Reason {
	switch {
	case a.Status > 0:
		return rooms.Deferred
	case a.Taken:
		return rooms.Unknown
	case a.Late:
		return rooms.TimedOut
	}
	return rooms.Unreachable
}
