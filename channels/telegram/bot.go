package telegram

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Deps are what a bot stands on.
type Deps struct {
	Name string // by which the configuration calls it
	// Answered finds the attempt that was sent under a provider id; the zero value if nobody knows. An error says that it
	// cannot be looked for now. Nil: what is answered is never looked for.
	Answered func(ctx context.Context, providerID string) (rooms.AttemptID, error)
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
}

// Bot sends. It is safe for concurrent use.
type Bot struct {
	options Options
	deps    Deps
	client  *outbound.Client
	ears    *outbound.Client // for long questions
	number  rooms.Address    // at which rooms are written to
}

// Provider is a bot as it hears: not at all, by asking, or by being called.
type Provider interface {
	channels.Provider
	io.Closer
}

var (
	_ Provider           = (*Bot)(nil)
	_ channels.Inbox     = (*Poller)(nil)
	_ channels.OneReader = (*Poller)(nil)
	_ channels.Inbox     = (*Hook)(nil)
	_ channels.Inlet     = (*Hook)(nil)
)

// New makes a bot that hears as the options say, or says what is wrong with them.
func New(o Options, d Deps) (Provider, error) {
	o = o.WithDefaults()
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	b := &Bot{options: o, deps: d}
	if d.Now == nil {
		b.deps.Now = time.Now
	}
	t, err := readToken(context.Background(), o.Credentials, o.TokenFile)
	if err != nil {
		return nil, err
	}
	if b.number, err = rooms.ParseOwnAddress(t.number); err != nil {
		return nil, err
	}
	calls := o.Options
	calls.KeepIdle, calls.OneService = calls.Concurrency, true
	if b.client, err = outbound.New(calls); err != nil {
		return nil, err
	}
	calls.Timeout, calls.MaxReply = o.PollFor+o.Timeout, maxUpdates
	if b.ears, err = outbound.New(calls); err != nil {
		return nil, err
	}
	d.Log.Info("rooms claim the bot by its number", "provider", d.Name, "number", t.number)
	switch o.Inbound {
	case InboundPoll:
		return &Poller{b}, nil
	case InboundWebhook:
		return &Hook{Bot: b}, nil
	}
	return b, nil
}

// errOther says that another bot would speak: whoever has begun a chat with this one would not hear it, and count as gone.
var errOther = errors.New("telegram: the token is that of another bot than at the start; restart crier if it is meant to be")

// token is that of the file, which may have a new one of the same bot.
func (b *Bot) token(ctx context.Context) (token, error) {
	t, err := readToken(ctx, b.options.Credentials, b.options.TokenFile)
	if err == nil && t.number != b.number.Reveal() {
		return token{}, errOther
	}
	return t, err
}

// Close closes the connections that wait for work.
func (b *Bot) Close() error {
	b.client.Close()
	b.ears.Close()
	return nil
}

// Send says what a delivery has to say, in one message or a few.
func (b *Bot) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	parts := compose(d.Content)
	switch {
	case len(parts) == 0:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	case ctx.Err() != nil:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	case len(parts) > b.options.MaxParts:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "too-long"}
	}
	t, err := b.token(ctx)
	if err != nil {
		b.deps.Log.Error("no token to send with", "provider", b.deps.Name, "error", err)
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "credential"}
	}
	ids := make([]string, 0, len(parts))
	for i, p := range parts {
		o := b.say(ctx, t, d, p)
		for i > 0 && (o.Result == channels.Throttled || o.Result == channels.NoRoom) && pause(ctx, o.After) {
			o = b.say(ctx, t, d, p)
		}
		switch {
		case o.Result == channels.Sent:
			ids = append(ids, o.ProviderID)
		case i == 0:
			return o
		default: // the beginning has gone out
			return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: o.Code}
		}
	}
	return channels.Outcome{Result: channels.Sent, ProviderID: strings.Join(ids, ",")}
}

// pause says whether it has lasted; not if ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= d {
		return false
	}
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// say sends one message.
func (b *Bot) say(ctx context.Context, t token, d rooms.Delivery, p part) channels.Outcome {
	to := d.To.Address
	reply, err := b.call(ctx, b.client, d.Lane, t, "sendMessage", message{
		Chat: jsontext.Value(to.Reveal()), Text: p.text, Entities: p.entities(), Preview: &preview{Disabled: true},
	})
	if err != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, Code: "request"}
	}
	return judge(reply, func(id int64) string { return t.id(to, id) })
}

// call makes a call of the Bot API.
func (b *Bot) call(ctx context.Context, by *outbound.Client, lane rooms.Lane, t token, method string, what any) (outbound.Reply, error) {
	body, err := json.Marshal(what, jsontext.EscapeForJS(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return outbound.Reply{}, errors.New("telegram: a call that cannot be written")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.options.URL+"/bot"+t.whole+"/"+method, bytes.NewReader(body))
	if err != nil {
		return outbound.Reply{}, errors.New("telegram: a call that cannot be made") // the cause would hold the token
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "crier")
	return by.Exchange(ctx, lane, r), nil
}

// idBytes is how much of a hash names a message.
const idBytes = 10

// id is what a message of a chat is called: nobody learns from it whose chat that is.
func (t token) id(chat rooms.Address, message int64) string {
	h := hmac.New(sha256.New, []byte(t.whole))
	_, _ = io.WriteString(h, chat.Reveal()+" "+strconv.FormatInt(message, 10))
	return hex.EncodeToString(h.Sum(nil)[:idBytes])
}
