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
}

// Done settles the entry; durable when it returns.
func (h *Held) Done(ctx context.Context) error {
	if err := h.msg.DoubleAck(ctx); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		out := classify(err)
		return out
	}
	return nil
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

// Working is a sign of life: AckWait begins anew.
func (h *Held) Working() error {
	if err := h.msg.InProgress(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

// Received is when the entry was handed to this process.
func (h *Held) Received() time.Time { return h.received }

// puller takes entries of one durable consumer.
type puller struct{ consumer jetstream.Consumer }

func (l *Log) puller(ctx context.Context, stream, consumer string) (puller, error) {
	c, err := l.work.Consumer(ctx, stream, consumer)
	if err != nil {
		return puller{}, fmt.Errorf("stream: open consumer %s of %s: %w", consumer, stream, err)
	}
	return puller{c}, nil
}

// fetch asks for at most max entries, calls fn for each as it comes, and returns when max came
// or wait is over. What came before an error has been handed to fn; what comes after ctx has
// ended, or fn has failed, is given back.
func (p puller) fetch(ctx context.Context, max int, wait time.Duration, fn func(*Held) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	batch, err := p.consumer.Fetch(max, jetstream.FetchMaxWait(wait))
	if err != nil {
		out := classify(err)
		return out
	}
	return each(ctx, batch, fn)
}

// take hands on what waits, at most max; if nothing does, it waits for one entry. So a burst is
// taken together and a single entry at once.
func (p puller) take(ctx context.Context, max int, wait time.Duration, fn func(*Held) error) error {
	batch, err := p.consumer.FetchNoWait(max)
	if err != nil {
		out := classify(err)
		return out
	}
	came := false
	err = each(ctx, batch, func(h *Held) error {
		came = true
		return fn(h)
	})
	if came || err != nil {
		return err
	}
	return p.fetch(ctx, 1, wait, fn)
}

func each(ctx context.Context, batch jetstream.MessageBatch, fn func(*Held) error) error {
	for {
		select {
		case <-ctx.Done():
			go giveBack(batch)
			return ctx.Err()
		case m, ok := <-batch.Messages():
			if !ok {
				return ended(batch)
			}
			if err := hand(m, fn); err != nil {
				go giveBack(batch)
				return err
			}
		}
	}
}

func hand(m jetstream.Msg, fn func(*Held) error) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return fn(&Held{m, meta, time.Now()})
}

// giveBack returns what a pull still brings, so that it need not be waited for.
func giveBack(batch jetstream.MessageBatch) {
	for m := range batch.Messages() {
		_ = m.Nak() // without it, AckWait does the same later
	}
}

func ended(batch jetstream.MessageBatch) error {
	if err := batch.Error(); err != nil && !quiet(err) {
		out := classify(err)
		return out
	}
	return nil
}

// quiet tells the end of a pull in which nothing more came.
func quiet(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
