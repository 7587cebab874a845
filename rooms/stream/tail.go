package stream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/together"
)

// tailBytes bounds what a tail takes at once of messages with large bodies.
const tailBytes = 8 << 20

// complainEvery is the time between two lines about a tail that waits.
const complainEvery = 10 * time.Second

// TailHeaders calls fn with the headers of all messages after a sequence, in order, in batches
// as large as what waits, at most 1,000. It returns when ctx ends or fn fails. Of entries that
// nobody can read, which are reported, fn gets the sequence alone: who waits for the end of the
// log would else wait for ever.
//
// Of several nodes it reads the replica at hand, or another while that is not there, and goes on by itself
// whatever becomes of other nodes. It skips nothing: each replica holds the entries in the same
// order, and one that lags is waited for.
func (l *Log) TailHeaders(ctx context.Context, after uint64, fn func([]rooms.Header) error) error {
	return follow(ctx, l, l.tails[streamRooms], after, func(s stored) (rooms.Header, error) {
		h, err := decodeHeader(s.subject, s.sequence, s.header)
		if err != nil {
			return rooms.Header{Sequence: s.sequence}, err
		}
		return h, nil
	}, fn)
}

// TailEvents does the same for events.
func (l *Log) TailEvents(ctx context.Context, after uint64, fn func([]rooms.Event) error) error {
	return follow(ctx, l, l.tails[streamEvents], after, func(s stored) (rooms.Event, error) {
		e, err := decodeEvent(s.subject, s.sequence, s.data)
		if err != nil {
			return rooms.Event{Sequence: s.sequence}, err
		}
		return e, nil
	}, fn)
}

// tail is what following a stream takes.
type tail struct {
	stream      string
	filter      string // what is followed of it; empty: everything
	headersOnly bool   // nobody wants the bodies
	nc          *nats.Conn
	news        *news
	end         *together.Question[uint64] // the sequence of the last entry
}

// Ends gives the sequences of the last message and the last event that exist now; 0 for none.
func (l *Log) Ends(ctx context.Context) (messages, events uint64, err error) {
	if messages, err = l.end(ctx, streamRooms); err != nil {
		return 0, 0, err
	}
	events, err = l.end(ctx, streamEvents)
	return messages, events, err
}

// MessagesEnd is the sequence of the last message that exists now; 0 for none.
func (l *Log) MessagesEnd(ctx context.Context) (uint64, error) { return l.end(ctx, streamRooms) }

// EventsEnd is the sequence of the last event that exists now; 0 for none.
func (l *Log) EventsEnd(ctx context.Context) (uint64, error) { return l.end(ctx, streamEvents) }

// end asks for the last entry, and has the tail hurry to it.
func (l *Log) end(ctx context.Context, stream string) (uint64, error) {
	t := l.tails[stream]
	last, err := l.askEnd(ctx, t)
	t.news.tell(last)
	return last, err
}

// askEnd asks together with others where an answer takes a journey to another node.
func (l *Log) askEnd(ctx context.Context, t *tail) (uint64, error) {
	if l.options.replicated() {
		return t.end.Get(ctx)
	}
	return l.lookEnd(ctx, t.stream)
}

// part is what one look brings.
type part[T any] struct {
	entries []T
	at      uint64 // position behind it
	more    bool   // it is known that others follow
}

// follow hands on what stands after a position, and what comes, until ctx ends or fn fails. While
// fn works on entries of many, the next are read.
func follow[T any](ctx context.Context, l *Log, t *tail, after uint64, decode func(stored) (T, error), fn func([]T) error) error {
	if !l.options.replicated() {
		return consume(ctx, l, t, after, decode, fn)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	look := func(at uint64) func() part[T] {
		found := make(chan part[T], 1)
		go func() { found <- await(ctx, l, t, at, decode) }()
		return func() part[T] { return <-found }
	}
	for ctx.Err() == nil {
		p := await(ctx, l, t, after, decode)
		for p.more {
			next := look(p.at)
			if err := fn(p.entries); err != nil {
				cancel()
				next()
				return err
			}
			p = next()
		}
		if len(p.entries) > 0 {
			if err := fn(p.entries); err != nil {
				return err
			}
		}
		after = p.at
	}
	return ctx.Err()
}

// await looks again and again until there is something after a position, or ctx has ended.
func await[T any](ctx context.Context, l *Log, t *tail, after uint64, decode func(stored) (T, error)) part[T] {
	p := part[T]{at: after}
	complained := time.Now()
	for empty := 0; ctx.Err() == nil && len(p.entries) == 0; empty++ {
		if empty > 0 {
			t.news.wait(ctx, after, empty)
		}
		end, err := l.batch(ctx, t.nc, t.stream, get{Sequence: after + 1, Next: t.filter, Batch: maxBatch, MaxBytes: tailBytes}, func(s stored) error {
			p.entries, p.at = append(p.entries, decodeOrTell(l, t, s, decode)), s.sequence
			return nil
		})
		p.more = end.pending > 0 && len(p.entries) > 0
		if err != nil && ctx.Err() == nil && time.Since(complained) > complainEvery {
			complained = time.Now()
			l.options.Log.Warn("the log cannot be read on; this is tried again", "stream", t.stream, "after", p.at, "error", err)
		}
	}
	return p
}

// decodeOrTell decodes an entry, and says so if it cannot be read.
func decodeOrTell[T any](l *Log, t *tail, s stored, decode func(stored) (T, error)) T {
	v, err := decode(s)
	if err != nil {
		l.options.Log.Error("an entry of the log cannot be read", "stream", t.stream, "sequence", s.sequence, "error", err)
	}
	return v
}
