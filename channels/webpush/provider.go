package webpush

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Provider posts notifications to push services. It is safe for concurrent use.
type Provider struct {
	options Options
	tokens  *tokens
	client  *outbound.Client
	alarm   alarm
	now     func() time.Time
}

var _ channels.Provider = (*Provider)(nil)

// New makes a provider, or says what is wrong with the options. now is the clock of tokens and deadlines; nil is time.Now.
func New(o Options, log *slog.Logger, now func() time.Time) (*Provider, error) {
	o = o.WithDefaults()
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	key, err := ReadKey(context.Background(), o.Credentials, o.KeyFile)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	t, err := newTokens(key, o.Contact, now)
	if err != nil {
		return nil, err
	}
	calls := o.Options
	calls.KeepIdle = calls.Concurrency
	client, err := outbound.New(calls)
	if err != nil {
		return nil, err
	}
	return &Provider{options: o, tokens: t, client: client, alarm: alarm{log: log}, now: now}, nil
}

// Key is the public half of the VAPID key, for pages.
func (p *Provider) Key() string { return p.tokens.public }

// Close closes the connections that wait for work.
func (p *Provider) Close() error {
	p.client.Close()
	return nil
}

// Send posts a notification. Its provider id is the tag of the notification, and Outcome.Code the status of HTTP or a word of
// package outbound.
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.WebPush) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if ctx.Err() != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	to, ok := d.To.Address.PushSubscription()
	if !ok {
		return rejected("subscription")
	}
	endpoint, err := url.Parse(to.Endpoint)
	if err != nil {
		return rejected("subscription")
	}
	if !p.options.serves(endpoint.Hostname()) {
		return rejected("host-not-allowed")
	}
	body, refused, ok := p.body(d, to)
	if !ok {
		return refused
	}
	r, err := p.request(ctx, d, endpoint, body)
	if err != nil {
		p.alarm.raise("a token cannot be signed", p.now())
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "token"}
	}
	return p.outcome(p.client.Exchange(ctx, d.Lane, r).Answer, d)
}

// body is the encrypted notification.
func (p *Provider) body(d rooms.Delivery, to rooms.PushSubscription) (body []byte, refused channels.Outcome, ok bool) {
	plain, err := payload(d, p.options.URL)
	if err != nil {
		return nil, rejected("unencodable"), false
	}
	if body, err = seal(plain, to.Keys); err != nil {
		return nil, rejected("subscription"), false
	}
	return body, refused, true
}

func (p *Provider) request(ctx context.Context, d rooms.Delivery, to *url.URL, body []byte) (*http.Request, error) {
	authorization, err := p.tokens.header(to)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, outbound.ErrURL
	}
	r.Header = http.Header{
		"Authorization": {authorization}, "Content-Encoding": {"aes128gcm"}, "Content-Type": {"application/octet-stream"},
		"Ttl": {p.ttl(d.Deadline)}, "Urgency": {urgency(d.Lane)}, "Topic": {topic(d.ID)}, "User-Agent": {"crier"},
		"Idempotency-Key": {}, // not sent: lets net/http repeat a call over a connection that was just closed
	}
	return r, nil
}

// ttl is for how many seconds a push service keeps a notification (RFC 8030 §5.2).
func (p *Provider) ttl(deadline time.Time) string {
	left := min(max(deadline.Sub(p.now()), 0), p.options.MaxTTL)
	return strconv.Itoa(int((left + time.Second - 1) / time.Second))
}

// urgency is RFC 8030 §5.3.
func urgency(l rooms.Lane) string {
	switch l {
	case rooms.Emergency:
		return "high"
	case rooms.Bulk:
		return "low"
	}
	return "normal"
}

// topic names a delivery in the 32 characters of RFC 8030 §5.4, without saying to the push service which it is.
func topic(id rooms.DeliveryID) string {
	sum := sha256.Sum256([]byte("crier push topic\x00" + tagOf(id)))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}
