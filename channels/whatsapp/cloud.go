package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Deps are what a number stands on; all are needed, but Now.
type Deps struct {
	Name string // by which the configuration calls it
	// Open reads the token of an attempt. An error says that it is not good.
	Open func(token string) (rooms.AttemptID, error)
	// Room is that of a message. An error says that it is not known now.
	Room func(context.Context, rooms.UMID) (rooms.Room, error)
	// Answered finds the attempt that was sent under a provider id; the zero value if nobody knows. An error says that it
	// cannot be looked for now.
	Answered func(ctx context.Context, providerID string) (rooms.AttemptID, error)
	// Known says whether something was sent to a number. An error says that it cannot be looked for now.
	Known func(ctx context.Context, number rooms.Address) (bool, error)
	Log   *slog.Logger
	Now   func() time.Time // nil means time.Now
}

// Cloud sends from a number, and hears what Meta calls back. It is safe for concurrent use.
type Cloud struct {
	options  Options
	deps     Deps
	client   *outbound.Client
	receipts channels.Ear[channels.Receipt]
	texts    channels.Ear[rooms.Inbound]
}

var (
	_ channels.Provider = (*Cloud)(nil)
	_ channels.Receipts = (*Cloud)(nil)
	_ channels.Inbox    = (*Cloud)(nil)
	_ channels.Inlet    = (*Cloud)(nil)
)

// New makes one, or says what is wrong with the options.
func New(o Options, d Deps) (*Cloud, error) {
	o = o.WithDefaults()
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	calls := o.Options
	calls.KeepIdle, calls.OneService = calls.Concurrency, true
	client, err := outbound.New(calls)
	if err != nil {
		return nil, err
	}
	return &Cloud{options: o, deps: d, client: client}, nil
}

// Close closes the connections that wait for work.
func (c *Cloud) Close() error {
	c.client.Close()
	return nil
}

// Send says what a delivery has to say, by a template if there is one for it.
func (c *Cloud) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	m, code := c.options.compose(d)
	switch {
	case code == noContent:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	case code != "":
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: code}
	case ctx.Err() != nil:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	token, err := c.options.Credentials.Line(ctx, c.options.TokenFile)
	if err != nil {
		c.deps.Log.Error("the token cannot be read", "provider", c.deps.Name, "error", err)
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "credential"}
	}
	r, err := c.request(ctx, token, m)
	if err != nil {
		c.deps.Log.Error("a call cannot be made", "provider", c.deps.Name, "error", err)
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "request"}
	}
	o := judge(c.client.Exchange(ctx, d.Lane, r))
	o.Receipt = o.Result == channels.Sent && c.options.hears()
	return o
}

func (c *Cloud) request(ctx context.Context, token string, m message) (*http.Request, error) {
	body, err := json.Marshal(m, jsontext.EscapeForJS(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, errors.New("whatsapp: a message that cannot be written")
	}
	at := c.options.URL + "/" + c.options.Version + "/" + c.options.PhoneNumberID + "/messages"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("whatsapp: a call that cannot be made")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "crier")
	r.Header.Set("Authorization", "Bearer "+token)
	return r, nil
}

// idBytes is how much of a hash names a message.
const idBytes = 16

// idOf is what we call a message: in what Meta calls it the person's number can be read, beside random bytes.
func idOf(wamid string) string {
	h := sha256.Sum256([]byte(wamid))
	return hex.EncodeToString(h[:idBytes])
}
