package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

const (
	callbackName = "callbacks"
	callbackAge  = 24 * time.Hour // after which nobody is told any more
)

// AddCallbacks stores that senders are to be told, one entry for each message, which replaces the one
// before.
func (l *Log) AddCallbacks(ctx context.Context, calls []rooms.Callback) error {
	for part := range slices.Chunk(calls, maxBatch/2) {
		msgs := make([]*nats.Msg, len(part))
		for i, c := range part {
			data, err := json.Marshal(c)
			if err != nil {
				return fmt.Errorf("stream: encode a callback: %w", err)
			}
			msgs[i] = &nats.Msg{Subject: callbackSubject(c), Header: nats.Header{}, Data: data}
		}
		if err := l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, msgs) }); err != nil {
			return err
		}
	}
	return nil
}

// callbackSubject keeps the latest of how a message stands, and each of its replies.
func callbackSubject(c rooms.Callback) string {
	if c.Reply > 0 {
		return rooms.RepliedSubject(c.UMID, c.Reply)
	}
	return rooms.CallbackSubject(c.UMID)
}

// Callbacks hands out who is to be told.
type Callbacks struct {
	log *Log
	puller
}

// Callback is one that is to be made. It comes again unless it is done with, or replaced.
type Callback struct {
	rooms.Callback
	*Held
	Attempt int // from 1
}

// Callbacks opens their queue.
func (l *Log) Callbacks(ctx context.Context) (*Callbacks, error) {
	p, err := l.puller(ctx, streamCallbacks, callbackName)
	return &Callbacks{l, p}, err
}

// Fetch asks for one callback and calls fn with it; it returns when that has, or when wait is over.
func (q *Callbacks) Fetch(ctx context.Context, wait time.Duration, fn func(Callback)) error {
	return q.fetch(ctx, 1, wait, func(h *Held) error {
		c := Callback{Held: h, Attempt: int(min(h.meta.NumDelivered, 1000))}
		err := json.Unmarshal(h.msg.Data(), &c.Callback)
		if err == nil {
			c.UMID, err = rooms.ParseCallbackSubject(h.msg.Subject())
		}
		if err != nil {
			q.log.options.Log.Error("a callback cannot be read; it is dropped", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		fn(c)
		return nil
	})
}

// The keys of the bucket of clients.
const (
	clientPrefix  = "$KV." + bucketClients + ".client."
	cursorSubject = "$KV." + bucketClients + ".cursor"
)

// cursor is how far events have become callbacks.
type cursor struct {
	Event uint64 `json:"event"`
}

// CallbackCursor is how far events have become callbacks; known is false if none have ever.
func (l *Log) CallbackCursor(ctx context.Context) (event uint64, known bool, err error) {
	s, err := l.sure(ctx, streamClients, get{Last: cursorSubject})
	if errors.Is(err, ErrGone) {
		return 0, false, nil
	}
	var c cursor
	if err == nil {
		err = json.Unmarshal(s.data, &c)
	}
	return c.Event, err == nil, err
}

// MoveCallbackCursor stores how far events have become callbacks.
func (l *Log) MoveCallbackCursor(ctx context.Context, event uint64) error {
	data, err := json.Marshal(cursor{event})
	if err != nil {
		return fmt.Errorf("stream: encode a cursor: %w", err)
	}
	return l.insist(ctx, func(ctx context.Context) error {
		return l.append(ctx, []*nats.Msg{{Subject: cursorSubject, Header: nats.Header{}, Data: data}})
	})
}
