package stream

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// QueueFilled is how many bytes a lane's queue holds, and how many it takes.
func (l *Log) QueueFilled(ctx context.Context, lane rooms.Lane) (bytes, limit int64, err error) {
	info, err := l.info(ctx, queueName(lane))
	return info.State.Bytes, l.options.queueBytes(lane), err
}

// ParkedFilled is how many deliveries wait for a later attempt, and how many may.
func (l *Log) ParkedFilled(ctx context.Context) (count, limit uint64, err error) {
	count, err = l.Parked(ctx)
	return count, l.options.MaxParked, err
}
