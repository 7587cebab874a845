package httpsms

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Deps are what a provider stands on; all are needed, but Now.
type Deps struct {
	Name string // by which the configuration calls it
	// Open reads the token of an attempt. An error says that it is not good.
	Open func(token string) (rooms.AttemptID, error)
	// Room is that of a message. An error says that it is not known now.
	Room func(context.Context, rooms.UMID) (rooms.Room, error)
	Log  *slog.Logger
	Now  func() time.Time // nil means time.Now
}

// Provider sends by one request each, and hears what it is called back. It is safe for concurrent use.
type Provider struct {
	deps     Deps
	plan     *plan
	client   *outbound.Client
	base     atomic.Pointer[string]
	receipts channels.Ear[channels.Receipt]
	texts    channels.Ear[rooms.Inbound]
}

var (
	_ channels.Provider = (*Provider)(nil)
	_ channels.Receipts = (*Provider)(nil)
	_ channels.Inbox    = (*Provider)(nil)
	_ channels.Inlet    = (*Provider)(nil)
)

// New makes a provider, or says what is wrong with the options.
func New(o Options, d Deps) (*Provider, error) {
	p, faults := newPlan(o.WithDefaults())
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	calls := p.Options.Options
	calls.KeepIdle, calls.OneService = calls.Concurrency, true
	client, err := outbound.New(calls)
	if err != nil {
		return nil, err
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Provider{deps: d, plan: p, client: client}, nil
}

// Serve says under which URL others reach this gateway. Until then they are told none.
func (p *Provider) Serve(base string) {
	base = strings.TrimSuffix(base, "/")
	p.base.Store(&base)
}

// Close closes the connections that wait for work.
func (p *Provider) Close() error {
	p.client.Close()
	return nil
}

// Send makes the request of a delivery. Its provider id is what the provider calls it, and Outcome.Code the provider's code, or
// the status of HTTP, or a word of package outbound.
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.SMS) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if ctx.Err() != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	var credential string
	if file := p.plan.SecretFile; file != "" {
		var err error
		if credential, err = p.plan.Credentials.Line(ctx, file); err != nil {
			p.deps.Log.Error("the credential cannot be read", "provider", p.deps.Name, "error", err)
			return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "credential"}
		}
	}
	r, err := p.plan.request(ctx, p.valuesOf(d, credential, p.deps.Now()))
	switch {
	case errors.Is(err, errPart):
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "too-long"}
	case err != nil:
		p.deps.Log.Error("a request cannot be made as it is configured", "provider", p.deps.Name, "error", err)
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "template"}
	}
	return p.discreet(d, p.outcome(p.client.Exchange(ctx, d.Lane, r)))
}

// outcome is what a reply means.
func (p *Provider) outcome(reply outbound.Reply) channels.Outcome {
	if o, full := channels.Full(reply.Err); full {
		return o
	}
	if reply.Status == 0 {
		return channels.Outcome{Result: channels.Deferred, Reason: why(reply.Answer), Code: reply.Code()}
	}
	m, _ := newMaterial(reply.Header, nil, reply.Body) // what cannot be read has no fields
	o := p.plan.judge(reply.Status, m, p.deps.Now())
	o.Receipt = o.Result == channels.Sent && p.plan.Receipt.Status != "" && p.awaits(o.ProviderID)
	return o
}

// awaits says whether a receipt may come: to the URL that the request names, or, where the provider knows one by itself, under
// the id that it gave.
func (p *Provider) awaits(id string) bool {
	if p.plan.namesURL {
		base := p.base.Load()
		return base != nil && *base != ""
	}
	return id != ""
}

// why says what kept a request from being answered.
func why(a outbound.Answer) rooms.Reason {
	switch {
	case a.Taken:
		return rooms.Unknown
	case a.Late:
		return rooms.TimedOut
	}
	return rooms.Unreachable
}

// discreet keeps the number out of what is kept of an answer.
func (p *Provider) discreet(d rooms.Delivery, o channels.Outcome) channels.Outcome {
	digits := strings.TrimPrefix(d.To.Address.Reveal(), "+")
	if strings.Contains(o.ProviderID, digits) {
		o.ProviderID = ""
		o.Receipt = o.Receipt && p.awaits("")
	}
	if strings.Contains(o.Code, digits) {
		o.Code = ""
	}
	return o
}

// receiptURL is where the provider reports what becomes of an attempt.
func (p *Provider) receiptURL(token string) string {
	if p.plan.Receipt.Status == "" {
		return ""
	}
	query := url.Values{}
	if token != "" {
		query.Set(tokenField, token)
	}
	return p.inletURL(channels.InletReceipt, query)
}

func (p *Provider) inboundURL() string {
	if p.plan.Inbound.Text == "" {
		return ""
	}
	return p.inletURL(channels.InletInbound, url.Values{})
}

// inletURL is empty while nobody reaches us. Where the provider has to repeat a secret, it is told there.
func (p *Provider) inletURL(kind string, query url.Values) string {
	base := p.base.Load()
	if base == nil || *base == "" {
		return ""
	}
	if p.plan.Verify.Kind == VerifyQuery {
		known, err := p.plan.Credentials.Line(context.Background(), p.plan.SigningFile)
		if err != nil {
			return ""
		}
		query.Set(p.plan.Verify.Name, known)
	}
	at := *base + "/v1/inlets/" + p.deps.Name + "/" + kind
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	return at
}

// Inlet is what the provider calls.
func (p *Provider) Inlet() http.Handler { return http.HandlerFunc(p.serve) }
