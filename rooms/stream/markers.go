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
// is repeated, so it is needed until the planner's consumers have taken note, on disk, that
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
	queue  uint64            // end of the lane's queue
	handed map[string]uint64 // by consumer: the last entry handed out, read after the end
	floor  map[string]uint64 // by consumer: all up to here is settled
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
		s.settled = s.noted.settledBy(now)
	}
	return nil
}

// settledBy says whether all that had been handed out is settled by now.
func (s *standing) settledBy(now *standing) bool {
	for name, handed := range s.handed {
		if now.floor[name] < handed {
			return false
		}
	}
	return true
}

func (s *sweeper) look(ctx context.Context) (*standing, error) {
	queue, err := s.log.read.Stream(ctx, queueName(s.lane))
	if err != nil {
		return nil, classify(err)
	}
	now := &standing{queue: queue.CachedInfo().State.LastSeq, handed: map[string]uint64{}, floor: map[string]uint64{}}
	for name, stream := range map[string]string{plannerName(s.lane): streamRooms, pagesName(s.lane): queueName(s.lane)} {
		c, err := s.log.read.Consumer(ctx, stream, name)
		if err != nil {
			return nil, classify(err)
		}
		now.handed[name], now.floor[name] = c.CachedInfo().Delivered.Stream, c.CachedInfo().AckFloor.Stream
	}
	return now, nil
}

func (s *sweeper) remove(ctx context.Context) error {
	queue, err := s.log.handle(ctx, queueName(s.lane))
	if err != nil {
		return err
	}
	return classify(queue.Purge(ctx, jetstream.WithPurgeSubject(rooms.DoneFilter(s.lane)), jetstream.WithPurgeSequence(s.noted.queue+1)))
}
