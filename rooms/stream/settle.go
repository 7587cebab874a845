package stream

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
)

// Handle is by what a message that was handed out is settled.
type Handle struct {
	Deliveries uint64 // how often it has been handed out, from 1
	Sequence   uint64 // in the room's log
	Number     uint64 // of all that the consumer has handed out
}

// ackSubject is where the consumer listens for what has become of it.
func (h Handle) ackSubject(id rooms.ConsumerID) string {
	return fmt.Sprintf("$JS.ACK.%s.%s.%d.%d.%d.0.0", streamRooms, id, h.Deliveries, h.Sequence, h.Number)
}

// Answers to what was handed out (nats-server).
const (
	acked  = "+ACK"
	nacked = "-NAK"
)

// Verdict says what has become of a message.
type Verdict int

// Acked: done with. Refused: to be handed out again, after a delay. InProgress: still being worked
// on; the time to acknowledge begins anew.
const (
	Acked Verdict = iota
	Refused
	InProgress
)

// Settlement is a verdict on a message.
type Settlement struct {
	Handle
	Verdict Verdict
	Delay   time.Duration
}

func (s Settlement) payload() []byte {
	switch {
	case s.Verdict == InProgress:
		return []byte(working)
	case s.Verdict == Acked:
		return []byte(acked)
	case s.Delay > 0:
		return fmt.Appendf(nil, `%s {"delay":%d}`, nacked, s.Delay.Nanoseconds())
	}
	return []byte(nacked)
}

// settledAtOnce is how many settlements wait for their answer at the same time.
const settledAtOnce = 64

// Settle has a consumer take verdicts on what it has handed out; each is confirmed when it returns nil.
// To settle what has been acknowledged is no error and changes nothing.
func (l *Log) Settle(ctx context.Context, id rooms.ConsumerID, all []Settlement) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(settledAtOnce)
	for _, s := range all {
		group.Go(func() error {
			return l.insist(ctx, func(ctx context.Context) error {
				_, err := l.apps.Conn().RequestWithContext(ctx, s.ackSubject(id), s.payload())
				return err
			})
		})
	}
	return group.Wait()
}
