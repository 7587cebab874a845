package stream

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
)

// maxParkedAtOnce is how many parked entries one look reads.
const maxParkedAtOnce = 500

// ScanParked calls fn with every delivery that waits for a later attempt, or in a pause of its message, and with what
// overwrites it on disk and removes it: it never falls due. Those that cannot be read are reported and left out.
func (l *Log) ScanParked(ctx context.Context, fn func(j rooms.Job, erase func(context.Context) error) error) error {
	for _, stream := range []string{streamSchedules, streamParked} {
		if err := l.scanParked(ctx, stream, fn); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) scanParked(ctx context.Context, stream string, fn func(j rooms.Job, erase func(context.Context) error) error) error {
	for from, count := uint64(1), maxParkedAtOnce; count == maxParkedAtOnce; {
		var err error
		count, err = l.walk(ctx, stream, ">", from, maxParkedAtOnce, func(s stored) error {
			from = s.sequence + 1
			if s.header.Get(headerLane) == "" {
				return nil // no delivery, but the time of a message
			}
			j, err := decodeParked(s)
			if err != nil {
				l.options.Log.Error("a parked job cannot be read; it is left out", "sequence", s.sequence, "error", err)
				return nil
			}
			return fn(j, func(ctx context.Context) error { return unlessGone(l.remove(ctx, stream, s.sequence, true)) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EraseJob overwrites a job on disk and removes it from its lane's queue. What is gone is no error.
func (l *Log) EraseJob(ctx context.Context, lane rooms.Lane, sequence uint64) error {
	return unlessGone(l.remove(ctx, queueName(lane), sequence, true))
}

func unlessGone(err error) error {
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
