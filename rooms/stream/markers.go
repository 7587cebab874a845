package stream

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

// sweepEvery is the time between two rounds of a sweeper; within it, what a consumer has taken
// note of is on disk.
const sweepEvery = 10 * time.Second

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

// sweeper removes the markers of messages that were settled a round ago and still are, from the
// oldest on up to the first of a message that was not. So it waits for no message but those whose
// markers it is to remove, and makes room also in a queue whose planner waits for it. The floor of
// a lane in which nothing happens stands at its last message or behind it.
type sweeper struct {
	log   *Log
	lane  rooms.Lane
	floor uint64  // every message of the lane up to here was settled a round ago
	end   *uint64 // of the lane's messages when it was looked for; nil: not yet
}

func (s *sweeper) round(ctx context.Context) error {
	planner, err := s.log.consumer(ctx, streamRooms, plannerName(s.lane))
	if err != nil {
		return err
	}
	now := planner.AckFloor.Stream
	settled := min(s.floor, now) // a consumer that was put back has settled less
	s.floor = now
	if settled == 0 {
		return nil
	}
	last, err := s.needless(ctx, settled)
	if err != nil || last == 0 {
		return err
	}
	return s.log.purge(ctx, queueName(s.lane), rooms.DoneFilter(s.lane), last+1)
}

// errNeeded ends the search for markers that are not needed.
var errNeeded = errors.New("this one is")

// needless finds the last of the oldest markers whose messages are all at or below a floor; 0 if
// there is none.
func (s *sweeper) needless(ctx context.Context, floor uint64) (last uint64, err error) {
	for count := maxBatch; count == maxBatch && err == nil; {
		count, err = s.log.walk(ctx, queueName(s.lane), rooms.DoneFilter(s.lane), last+1, maxBatch, func(e stored) error {
			message, err := s.message(ctx, e)
			if err == nil && message > floor {
				err = errNeeded
			}
			if err == nil {
				last = e.sequence
			}
			return err
		})
	}
	if errors.Is(err, errNeeded) {
		err = nil
	}
	return last, err
}

// message gives the position of the message that an entry among the markers is about, or one
// behind it.
func (s *sweeper) message(ctx context.Context, e stored) (uint64, error) {
	if e.subject == rooms.TurnSubject(s.lane) {
		return 0, nil
	}
	var m Mark
	if err := json.Unmarshal(e.data, &m); err == nil && m.Message > 0 {
		return m.Message, nil
	}
	return s.formerEnd(ctx)
}

// formerEnd is the end of the lane as of the first call. A marker that does not name its message,
// as those of former versions, is about one of before.
func (s *sweeper) formerEnd(ctx context.Context) (uint64, error) {
	if s.end != nil {
		return *s.end, nil
	}
	end := uint64(0)
	for _, filter := range rooms.LaneFilters(s.lane) {
		m, err := s.log.sure(ctx, streamRooms, get{Last: filter})
		if err != nil && !errors.Is(err, ErrGone) {
			return 0, err
		}
		end = max(end, m.sequence)
	}
	s.end = &end
	return end, nil
}
