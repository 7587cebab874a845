package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Server hands out messages and hears what has become of them.
type Server interface {
	Pull(ctx context.Context, id rooms.ConsumerID, max, maxBytes int, wait time.Duration) ([]stream.Handout, error)
	Settle(ctx context.Context, id rooms.ConsumerID, all []stream.Settlement) error
}

// maxBytes of messages that are handed out together: 4 MiB, and what stands around the content of a
// message that has as much alone.
const maxBytes = 4<<20 + 64<<10

// Message is one that was handed out, with the token to settle it by.
type Message struct {
	stream.Handout
	Token string
}

// Pull hands out at most max messages, or as many as have four MiB together, and waits until there is
// one. Nothing is no error. What could not be given to the caller since ctx has ended comes again.
func (c *Consumers) Pull(ctx context.Context, there rooms.Consumer, max int, wait time.Duration) ([]Message, error) {
	got, err := c.store.Pull(ctx, there.ID, max, maxBytes, wait)
	switch {
	case errors.Is(err, stream.ErrGone):
		return nil, ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("consumers: pull: %w", err)
	}
	all := make([]Message, len(got))
	for i, h := range got {
		all[i] = Message{h, c.token(there, h.Handle)}
	}
	return all, nil
}

// Settlement says by a token what has become of a message.
type Settlement struct {
	Token   string
	Verdict stream.Verdict
	Delay   time.Duration
}

// BadTokens are the places of tokens that a consumer has not given, or not since it was reset, or of
// which it knows nothing any more: then the message comes again.
type BadTokens []int

// Error says how many there are.
func (b BadTokens) Error() string {
	return fmt.Sprintf("%d tokens that are not of this consumer", len(b))
}

// Settle is done when the engine has confirmed everything. If a token is not good, which BadTokens
// says, nothing is done.
func (c *Consumers) Settle(ctx context.Context, there rooms.Consumer, all []Settlement) error {
	settlements := make([]stream.Settlement, len(all))
	var bad BadTokens
	for i, s := range all {
		handle, ok := c.open(there, s.Token)
		if !ok || handle.Sequence > there.Delivered {
			bad = append(bad, i)
		}
		settlements[i] = stream.Settlement{Handle: handle, Verdict: s.Verdict, Delay: s.Delay}
	}
	if len(bad) > 0 {
		return bad
	}
	if err := c.store.Settle(ctx, there.ID, settlements); err != nil {
		return fmt.Errorf("consumers: settle: %w", err)
	}
	return nil
}

// Acknowledge settles a message by where it stands in the room's log. It is of a consumer whose owner the caller has made sure
// of; what the consumer has not handed out, or has seen acknowledged, stays as it is.
func (c *Consumers) Acknowledge(ctx context.Context, there rooms.Consumer, sequence uint64) error {
	handle := stream.Handle{Deliveries: 1, Sequence: sequence, Number: 1}
	if err := c.store.Settle(ctx, there.ID, []stream.Settlement{{Handle: handle, Verdict: stream.Acked}}); err != nil {
		return fmt.Errorf("consumers: acknowledge: %w", err)
	}
	return nil
}
