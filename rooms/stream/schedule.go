package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// moveBatch is how many due jobs are moved in one step.
const moveBatch = 250

// moveAgain is when due jobs that found no room are tried again.
const moveAgain = time.Second

// Park stores a job until it is due; then it rejoins its lane's queue by itself. Parking the
// same attempt again replaces it. ErrFull above Options.MaxParked. Many that are parked at the same time share a commit.
func (l *Log) Park(ctx context.Context, j rooms.Job, due time.Time) error {
	if parked, err := l.parked.Get(ctx); err == nil && parked >= l.options.MaxParked {
		return ErrFull
	}
	return l.park(ctx, j, due)
}

func (l *Log) park(ctx context.Context, j rooms.Job, due time.Time) error {
	m, err := encodeJob(j)
	if err != nil {
		return err
	}
	m.Subject = rooms.ScheduleSubject(j.ID(), j.Round, j.Attempt)
	m.Header = nats.Header{
		headerSchedule:         {"@at " + due.UTC().Format(time.RFC3339Nano)},
		"Nats-Schedule-Target": {rooms.DueSubject(j.Lane)},
		headerLane:             {string(j.Lane)},
		headerChannel:          {string(j.Channel)},
	}
	return l.parking.append(ctx, m).err
}

// Hasten lets an attempt that waits on another channel than the given one fall due at once. It says whether there is
// such an attempt: one that is due already, or has been made, no longer waits. What waits for a person to decide is none.
func (l *Log) Hasten(ctx context.Context, id rooms.DeliveryID, round, attempt int, other rooms.Channel, now time.Time) (bool, error) {
	s, err := l.sure(ctx, streamSchedules, get{Last: rooms.ScheduleSubject(id, round, attempt)})
	if errors.Is(err, ErrGone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	j, err := decodeJob(rooms.JobSubject(rooms.Lane(s.header.Get(headerLane)), rooms.Channel(s.header.Get(headerChannel))), s.data)
	if err != nil || j.Channel == other || j.Undecided {
		return false, err
	}
	return true, l.park(ctx, j, now)
}

// identity tells an attempt from all others, so that it gets into its queue once: one that was postponed again is another.
func identity(j rooms.Job) string {
	id := fmt.Sprintf("%s.%d.%d.%d", j.UMID, j.N, j.Attempt, j.Round)
	if !j.Due.IsZero() {
		id += fmt.Sprintf(".%d", j.Due.UnixMilli())
	}
	return id
}

// MoveDue takes what falls due in a lane into its queue, until ctx ends.
func (l *Log) MoveDue(ctx context.Context, lane rooms.Lane) error {
	p, err := l.puller(ctx, streamSchedules, dueName(lane))
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := l.moveSome(ctx, p); err != nil && ctx.Err() == nil {
			l.options.Log.Warn("due deliveries wait to be moved", "lane", string(lane), "error", err)
			pause(ctx, time.Second)
		}
	}
	return ctx.Err()
}

func (l *Log) moveSome(ctx context.Context, p puller) error {
	var held []*Held
	var msgs []*nats.Msg
	add := func(h *Held) error {
		j, err := decodeJob(rooms.JobSubject(rooms.Lane(h.msg.Headers().Get(headerLane)), rooms.Channel(h.msg.Headers().Get(headerChannel))), h.msg.Data())
		if err != nil {
			l.options.Log.Error("a parked job cannot be read; it is dropped", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		m, err := encodeJob(j)
		if err != nil {
			return err
		}
		m.Header.Set(jetstream.MsgIDHeader, identity(j))
		held, msgs = append(held, h), append(msgs, m)
		return nil
	}
	if err := p.take(ctx, moveBatch, 5*time.Second, add); err != nil || len(held) == 0 {
		return err
	}
	if err := l.move(ctx, msgs); err != nil {
		for _, h := range held {
			_ = h.Later(moveAgain) // without it, AckWait does the same later
		}
		return err
	}
	for _, h := range held {
		if err := h.Finish(); err != nil {
			return err
		}
	}
	return nil
}

// move appends jobs under identities of their own; what the queue knows is left out.
func (l *Log) move(ctx context.Context, msgs []*nats.Msg) error {
	err := l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, msgs) })
	if hasCode(err, codeBatchDuplicate) && len(msgs) > 1 {
		half := len(msgs) / 2
		return errors.Join(l.move(ctx, msgs[:half]), l.move(ctx, msgs[half:]))
	}
	return err
}

// Parked is how many deliveries wait for a later attempt.
func (l *Log) Parked(ctx context.Context) (uint64, error) {
	info, err := l.info(ctx, streamSchedules)
	if err != nil {
		return 0, err
	}
	return info.State.Messages, nil
}
