package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
)

// StreamOptions say what of a room is wanted, and from where on. The zero value is everything from now on.
type StreamOptions struct {
	// After is the sequence of the last message that the caller has, if Resume is set; 0 begins with the oldest.
	After  uint64
	Resume bool
	// Since is when the first message was stored; not with Resume.
	Since time.Time
	// Lane and Type leave out messages of others.
	Lane, Type string
}

func (o StreamOptions) query() string {
	q := url.Values{}
	if o.Resume {
		q.Set("after", strconv.FormatUint(o.After, 10))
	}
	if !o.Since.IsZero() {
		q.Set("since", o.Since.Format(time.RFC3339Nano))
	}
	if o.Lane != "" {
		q.Set("lane", o.Lane)
	}
	if o.Type != "" {
		q.Set("type", o.Type)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Event is what a stream tells: a message, its content byte for byte as it was published; or, if Gap is set, that
// messages before that sequence may be gone.
type Event struct {
	v1.StreamMessage
	Gap uint64
}

// Stream tells a room's messages to all subscribers as they come, without end. After a failure it goes on by itself, on
// another server if there is one, with what follows the last message; each message comes once. It ends with an error when
// no server answers for Options.RetryFor, when one refuses (the room is gone, or not for this client), or when ctx ends.
func (c *Client) Stream(ctx context.Context, room string, o StreamOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := &streaming{client: c, yield: yield, last: o.After}
		r := get(path("v1", "rooms", room, "stream") + o.query())
		r.accept = "text/event-stream"
		s.errand = c.errand(r, func(answer *http.Response) error { return s.read(ctx, answer) })
		s.errand.endless = true
		if err := s.run(ctx); err != nil && !s.left {
			yield(Event{}, err)
		}
	}
}

// streaming is a stream over all its connections.
type streaming struct {
	client *Client
	errand *errand
	yield  func(Event, error) bool
	last   uint64    // sequence of the last message
	alive  time.Time // when a server last said something
	left   bool      // the caller wants no more
}

// run goes on until the caller leaves, a server refuses, or none answers for too long.
func (s *streaming) run(ctx context.Context) error {
	s.alive = time.Now()
	for pass := 0; ; pass++ {
		began := s.alive
		err := s.errand.pass(ctx)
		switch {
		case s.left:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case s.alive.After(began):
			pass = 0
		}
		wait, again := backoff(err, pass, rand.Float64())
		wait = max(wait, s.errand.soonest())
		var token *TokenError
		again = again || err == nil || errors.As(err, &token)
		if !again || time.Since(s.alive)+wait > s.client.options.RetryFor && err != nil {
			return err
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// errLeft ends a pass over the servers when the caller wants no more.
var errLeft = errors.New("the caller has left")

// read tells what comes over one connection. Whatever its end, another server is asked next; nil if this one may be.
func (s *streaming) read(ctx context.Context, answer *http.Response) error {
	silence := time.AfterFunc(s.client.options.Silence, func() { answer.Body.Close() })
	defer silence.Stop()
	f := newFrames(answer.Body, func() { silence.Reset(s.client.options.Silence) })
	for {
		e, err := f.next()
		if err != nil {
			return &ConnectionError{cause: fmt.Errorf("the stream broke off: %w", err)}
		}
		s.alive = time.Now()
		if ended, err := s.take(e); ended || err != nil {
			return err
		}
		if s.errand.lastID = f.id; ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// take tells the caller of an event; ended says that the server ends the stream.
func (s *streaming) take(e frame) (ended bool, err error) {
	switch e.name {
	case "message":
		return false, s.message(e.data)
	case "gap":
		var g v1.StreamGap
		if err := json.Unmarshal(e.data, &g); err != nil {
			return true, notDescribed(err)
		}
		return false, s.hand(Event{Gap: g.First})
	case "end":
		var end v1.StreamEnd
		if err := json.Unmarshal(e.data, &end); err != nil {
			return true, notDescribed(err)
		}
		if end.Reason == v1.StreamEndReasonShutdown || end.Reason == v1.StreamEndReasonUnavailable {
			return true, &ConnectionError{cause: errors.New("the server ended the stream: " + string(end.Reason))}
		}
		return true, nil // with a new token, or to be refused with the reason
	}
	return false, nil
}

func (s *streaming) message(data []byte) error {
	var m v1.StreamMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return notDescribed(err)
	}
	if m.Sequence <= s.last {
		return nil
	}
	if m.ExactContent != nil {
		m.Content, m.ExactContent = jsontext.Value(m.ExactContent), nil
	}
	s.last = m.Sequence
	return s.hand(Event{StreamMessage: m})
}

func (s *streaming) hand(e Event) error {
	if s.yield(e, nil) {
		return nil
	}
	s.left = true
	return errLeft
}

func notDescribed(err error) error {
	return fmt.Errorf("an event is not what the API describes: %w", err)
}
