package stream

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
)

// maxParkedAtOnce is how many parked entries one look reads.
const maxParkedAtOnce = 500

// ScanParked calls fn with every delivery that waits for a later attempt. Those that cannot be read are reported and left
// out.
func (l *Log) ScanParked(ctx context.Context, fn func(sequence uint64, j rooms.Job) error) error {
	for from, count := uint64(1), maxParkedAtOnce; count == maxParkedAtOnce; {
		var err error
		count, err = l.walk(ctx, streamSchedules, ">", from, maxParkedAtOnce, func(s stored) error {
			from = s.sequence + 1
			lane, channel := rooms.Lane(s.header.Get(headerLane)), rooms.Channel(s.header.Get(headerChannel))
			j, err := decodeJob(rooms.JobSubject(lane, channel), s.data)
			if err != nil {
				l.options.Log.Error("a parked job cannot be read; it is left out", "sequence", s.sequence, "error", err)
				return nil
			}
			return fn(s.sequence, j)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EraseParked overwrites a parked delivery on disk and removes it: it never falls due. What is gone is no error.
func (l *Log) EraseParked(ctx context.Context, sequence uint64) error {
	return unlessGone(l.remove(ctx, streamSchedules, sequence, true))
}

// EraseJob does the same with a job in its lane's queue.
func (l *Log) EraseJob(ctx context.Context, lane rooms.Lane, sequence uint64) error {
	return unlessGone(l.remove(ctx, queueName(lane), sequence, true))
}

func unlessGone(err error) error {
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
