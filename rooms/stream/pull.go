package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Held is an entry of a queue that is being worked on: it comes back to somebody if it is
// neither done nor put off within AckWait of the last sign of life.
type Held struct {
	msg      jetstream.Msg
	meta     *jetstream.MsgMetadata
	received time.Time
	patience patience
	nc       *nats.Conn
}

// Done settles the entry; durable when it returns.
func (h *Held) Done(ctx context.Context) error {
	return h.patience.insist(ctx, nil, func(ctx context.Context) error {
		if err := h.msg.DoubleAck(ctx); !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
			return err
		}
		return nil
	})
}

// Finish settles the entry without waiting for the disk, for work that a repeat would find
// done.
func (h *Held) Finish() error {
	if err := h.msg.Ack(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

// Later gives the entry back; it comes again after the wait.
func (h *Held) Later(wait time.Duration) error {
	if err := h.msg.NakWithDelay(wait); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

// working is the sign of life in an answer to what was handed out (nats-server, AckProgress).
const working = "+WPI"

// Working is a sign of life: AckWait has begun anew when it returns nil. After ErrUnavailable it
// may not have.
func (h *Held) Working() error {
	return h.patience.once(context.Background(), func(ctx context.Context) error {
		_, err := h.nc.RequestWithContext(ctx, h.msg.Reply(), []byte(working))
		return err
	})
}

// Received is when the entry was handed to this process.
func (h *Held) Received() time.Time { return h.received }

// pullBeat is how often one of several servers says that a pull still waits there. When two such
// signs are missing, its leader has died, and another is asked.
const pullBeat = 500 * time.Millisecond

// puller takes entries of one durable consumer.
type puller struct {
	nc         *nats.Conn
	consumer   jetstream.Consumer
	patience   patience
	replicated bool
}

func (l *Log) puller(ctx context.Context, stream, consumer string) (puller, error) {
	p := puller{nc: l.work.Conn(), patience: l.options.patience(), replicated: l.options.replicated()}
	err := l.insist(ctx, func(ctx context.Context) error {
		var err error
		p.consumer, err = l.work.Consumer(ctx, stream, consumer)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("stream: open consumer %s of %s: %w", consumer, stream, err)
	}
	return p, nil
}

// fetch asks for at most max entries, calls fn for each as it comes, and returns when max came
// or wait is over; a pull that is lost with a leader is asked for again. What came before an error
// has been handed to fn; what comes after ctx has ended, or fn has failed, is given back.
func (p puller) fetch(ctx context.Context, max int, wait time.Duration, fn func(*Held) error) error {
	until := time.Now().Add(wait)
	count := func(h *Held) error {
		max--
		return fn(h)
	}
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		batch, err := p.consumer.Fetch(max, p.waiting(time.Until(until))...)
		if err == nil {
			err = p.each(ctx, batch, count)
		}
		if err = classify(err); !errors.Is(err, ErrUnavailable) || max == 0 {
			return err
		}
		if time.Until(until) <= retryPause {
			return nil // whoever asks next will see
		}
		pause(ctx, retryPause)
	}
}

func (p puller) waiting(wait time.Duration) []jetstream.FetchOpt {
	wait = max(wait, time.Millisecond)
	opts := []jetstream.FetchOpt{jetstream.FetchMaxWait(wait)}
	if p.replicated && wait >= 2*pullBeat {
		opts = append(opts, jetstream.FetchHeartbeat(pullBeat))
	}
	return opts
}

// atHand is how long entries are waited for that stood there a moment ago: somebody else may have taken them.
const atHand = 50 * time.Millisecond

// take waits for one entry, and hands on with it what else waits, at most max in all. So a burst is taken together and
// a single entry at once.
func (p puller) take(ctx context.Context, max int, wait time.Duration, fn func(*Held) error) error {
	more := 0
	err := p.fetch(ctx, 1, wait, func(h *Held) error {
		more = int(min(h.meta.NumPending, uint64(max-1)))
		return fn(h)
	})
	if err != nil || more == 0 {
		return err
	}
	return p.fetch(ctx, more, atHand, fn)
}

func (p puller) each(ctx context.Context, batch jetstream.MessageBatch, fn func(*Held) error) error {
	for {
		select {
		case <-ctx.Done():
			go giveBack(batch)
			return ctx.Err()
		case m, ok := <-batch.Messages():
			if !ok {
				return ended(batch)
			}
			if err := p.hand(m, fn); err != nil {
				go giveBack(batch)
				return err
			}
		}
	}
}

func (p puller) hand(m jetstream.Msg, fn func(*Held) error) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return fn(&Held{m, meta, time.Now(), p.patience, p.nc})
}

// giveBack returns what a pull still brings, so that it need not be waited for.
func giveBack(batch jetstream.MessageBatch) {
	for m := range batch.Messages() {
		_ = m.Nak() // without it, AckWait does the same later
	}
}

func ended(batch jetstream.MessageBatch) error {
	if err := batch.Error(); err != nil && !quiet(err) {
		return err
	}
	return nil
}

// quiet tells the end of a pull in which nothing more came.
func quiet(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
