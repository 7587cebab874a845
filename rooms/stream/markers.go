package stream

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// sweepEvery is the time between two rounds of a sweeper.
const sweepEvery = time.Minute

// SweepMarkers removes markers of a lane that have done their service, until ctx ends; without
// it they would fill the queue. A marker keeps a page from becoming jobs again when planning it
// is repeated, so it is needed until the planner's consumer has taken note, on disk, that
// planning is done. MarkerTTL removes what a sweeper does not come to.
func (l *Log) SweepMarkers(ctx context.Context, lane rooms.Lane) error {
	s := &sweeper{log: l, lane: lane}
	for ctx.Err() == nil {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			l.options.Log.Warn("markers wait to be removed", "lane", string(lane), "error", err)
		}
		pause(ctx, sweepEvery)
	}
	return ctx.Err()
}

// sweeper goes round: it notes where everything stands; when all that was handed out then has
// been settled, it lets one round pass, so that this is on disk; then it removes the markers
// that stood there when it took its note.
type sweeper struct {
	log     *Log
	lane    rooms.Lane
	noted   *standing
	settled bool
}

// standing is how far a lane had come at some moment.
type standing struct {
	queue  uint64 // end of the lane's queue
	handed uint64 // the last message handed to a planner, read after the end
	floor  uint64 // all up to here is settled
}

func (s *sweeper) round(ctx context.Context) error {
	now, err := s.look(ctx)
	switch {
	case err != nil:
		return err
	case s.noted == nil:
		s.noted = now
	case s.settled:
		err := s.remove(ctx)
		s.noted, s.settled = nil, false
		return err
	default:
		s.settled = now.floor >= s.noted.handed
	}
	return nil
}

func (s *sweeper) look(ctx context.Context) (*standing, error) {
	queue, err := s.log.read.Stream(ctx, queueName(s.lane))
	if err != nil {
		return nil, classify(err)
	}
	planner, err := s.log.read.Consumer(ctx, streamRooms, plannerName(s.lane))
	if err != nil {
		return nil, classify(err)
	}
	info := planner.CachedInfo()
	return &standing{queue.CachedInfo().State.LastSeq, info.Delivered.Stream, info.AckFloor.Stream}, nil
}

func (s *sweeper) remove(ctx context.Context) error {
	queue, err := s.log.handle(ctx, queueName(s.lane))
	if err != nil {
		return err
	}
	return classify(queue.Purge(ctx, jetstream.WithPurgeSubject(rooms.DoneFilter(s.lane)), jetstream.WithPurgeSequence(s.noted.queue+1)))
}
