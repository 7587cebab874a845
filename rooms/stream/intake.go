package stream

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Intake hands the messages of a lane to the planner, in order.
type Intake struct {
	log *Log
	puller
}

// Received is a message to be planned.
type Received struct {
	rooms.Message
	*Held
}

// Intake opens the planner's consumer of a lane.
func (l *Log) Intake(ctx context.Context, lane rooms.Lane) (*Intake, error) {
	p, err := l.puller(ctx, streamRooms, plannerName(lane))
	return &Intake{l, p}, err
}

// Fetch gives the messages that wait, at most max; if none does, it waits for one.
func (i *Intake) Fetch(ctx context.Context, max int, wait time.Duration) ([]Received, error) {
	return i.receive(ctx, func(fn func(*Held) error) error { return i.take(ctx, max, wait, fn) })
}

// await gives so many messages, or those that come before the wait is over.
func (i *Intake) await(ctx context.Context, count int, wait time.Duration) ([]Received, error) {
	return i.receive(ctx, func(fn func(*Held) error) error { return i.fetch(ctx, count, wait, fn) })
}

func (i *Intake) receive(ctx context.Context, from func(fn func(*Held) error) error) ([]Received, error) {
	var out []Received
	err := from(func(h *Held) error {
		m, err := decodeMessage(h.msg.Subject(), h.meta.Sequence.Stream, h.msg.Headers(), h.msg.Data())
		if err != nil {
			i.log.options.Log.Error("a message cannot be read; it is left in the log", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		out = append(out, Received{m, h})
		return nil
	})
	return out, err
}
