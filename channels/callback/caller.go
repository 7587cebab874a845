package callback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
)

// Source hands out who is to be told.
type Source interface {
	Fetch(ctx context.Context, wait time.Duration, fn func(stream.Callback)) error
}

// Poster makes signed calls.
type Poster interface {
	Post(ctx context.Context, c outbound.Call) outbound.Answer
}

// Clients tells where a client is told, and with which secrets.
type Clients interface {
	Get(ctx context.Context, c rooms.Client) (registry.Callback, error)
}

// Signers knows besides what signs the calls that a message has made elsewhere.
type Signers interface {
	Clients
	Signer(ctx context.Context, c rooms.Client) (registry.Callback, error)
}

// Caller tells senders. Every node runs one.
type Caller struct {
	Source  Source
	Clients Signers
	Index   Index
	Vault   Vault
	Calls   Poster
	Answer  func(index.Summary) ([]byte, error) // what the API says of a message, as JSON
	Letters Letters                             // nil: of replies all are told ids
	Policy  rooms.Policy
	Metrics *metrics.Set
	Logger  *slog.Logger
	Now     func() time.Time
	AckWait time.Duration // how long the queue lets a callback be held without a sign of life

	turned turned
}

const (
	workers   = 16              // calls at once
	fetchWait = 5 * time.Second // the longest that one asks for work
	again     = 5 * time.Second // before what failed here is tried again
)

// Run works until ctx ends, and lets the calls in hand come to their end.
func (c *Caller) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { c.work(ctx) })
	}
	all.Wait()
	return ctx.Err()
}

func (c *Caller) work(ctx context.Context) {
	for ctx.Err() == nil {
		err := c.Source.Fetch(ctx, fetchWait, func(call stream.Callback) { c.do(context.WithoutCancel(ctx), call) })
		if err != nil && ctx.Err() == nil {
			c.Logger.Warn("callbacks cannot be fetched", "error", err)
			pause(ctx, time.Second)
		}
	}
}

// do sees one callback through: it is done with, or put off.
func (c *Caller) do(ctx context.Context, call stream.Callback) {
	stop := c.hold(call)
	result, wait := c.tell(ctx, call)
	stop()
	c.Metrics.GetOrCreateCounter(fmt.Sprintf(`crier_callbacks_total{result=%q}`, result)).Inc()
	c.Logger.Debug("callback", "umid", call.UMID, "event", call.Event, "attempt", call.Attempt, "result", result, "wait", wait)
	var err error
	if wait > 0 {
		err = call.Later(wait)
	} else {
		crash.Point("after-callback")
		err = call.Done(ctx)
	}
	if err != nil {
		c.Logger.Warn("callback not settled; it comes again", "umid", call.UMID, "error", err)
	}
}

// hold gives signs of life until stop; without them, somebody else may make the same call.
func (c *Caller) hold(call stream.Callback) (stop func()) {
	tick, done := time.NewTicker(c.AckWait/3), make(chan struct{})
	go func() {
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = call.Working()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// tell makes the call. It gives a word for what came of it, and the time until it is made again; 0
// for never.
func (c *Caller) tell(ctx context.Context, call stream.Callback) (result string, wait time.Duration) {
	to, err := c.to(ctx, call)
	if errors.Is(err, registry.ErrUnknownCallback) {
		return "unwanted", 0
	}
	if err == nil && call.Reply > 0 {
		return c.tellReply(ctx, call, to)
	}
	var m index.Summary
	if err == nil {
		m, err = c.read(ctx, call)
	}
	if errors.Is(err, index.ErrUnknown) {
		return "unknown", 0
	}
	var body []byte
	if err == nil {
		body, err = c.event(m, call)
	}
	if err != nil {
		c.Logger.Warn("callback postponed", "umid", call.UMID, "error", err)
		return "postponed", again
	}
	return c.post(ctx, call, outbound.Call{To: to.Address, Kind: outbound.CloudEvents, Body: body, Signing: to.Active(c.Now())})
}

func (c *Caller) post(ctx context.Context, call stream.Callback, out outbound.Call) (result string, wait time.Duration) {
	out.ID = identity(call)
	a := c.Calls.Post(ctx, out)
	switch {
	case busy(a):
		c.turned.note(out.ID)
		return "deferred", max(a.RetryAfter, time.Second)
	case a.OK():
		c.turned.forget(out.ID)
		return "told", 0
	case a.Final():
		c.turned.forget(out.ID)
		c.Logger.Info("callback refused", "umid", call.UMID, "code", a.Code())
		return "refused", 0
	}
	return "deferred", cmp.Or(a.RetryAfter, max(c.Policy.Wait(c.turned.attempt(out.ID, call.Attempt), rand.Float64()), time.Second))
}

// to is where the call goes, and what signs it.
func (c *Caller) to(ctx context.Context, call stream.Callback) (rooms.Contact, error) {
	if len(call.To) == 0 {
		cb, err := c.Clients.Get(ctx, call.Publisher)
		return cb.To, err
	}
	cb, err := c.Clients.Signer(ctx, call.Publisher)
	if err != nil {
		return cb.To, err
	}
	plain, err := c.Vault.Unseal(call.To, "callback", string(call.UMID))
	if err != nil {
		return cb.To, err
	}
	cb.To.Address, err = rooms.ParseURL(string(plain))
	return cb.To, err
}

// read gives the message as it stands now, the event included that the call is about.
func (c *Caller) read(ctx context.Context, call stream.Callback) (index.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.Index.WaitFor(ctx, 0, call.Event); err != nil {
		return index.Summary{}, err
	}
	return c.Index.Message(call.UMID)
}

func (c *Caller) event(m index.Summary, call stream.Callback) ([]byte, error) {
	data, err := c.Answer(m)
	if err != nil {
		return nil, err
	}
	return outbound.Event{
		ID: identity(call), Source: "/rooms/" + string(m.Room), Type: "org.crier.message.status", Subject: string(m.UMID),
		Time: c.Now().UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
	}.Encode(data)
}

// identity names what is told; of two about a message the greater number is the later.
func identity(call stream.Callback) string {
	if call.Reply > 0 {
		return fmt.Sprintf("%s-reply-%d", call.UMID, call.Reply)
	}
	return fmt.Sprintf("%s-status-%d", call.UMID, call.Event)
}
