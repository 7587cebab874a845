package stream

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Retry is an attempt that waits for its time.
type Retry struct {
	rooms.DeliveryID
	Round, Attempt int
	Due            time.Time
	sequence       uint64
}

// Retries finds those attempts that wait for their time, at most 1,000; Due is not asked for.
func (l *Log) Retries(ctx context.Context, wanted []Retry) ([]Retry, error) {
	subjects := make([]string, len(wanted))
	for i, r := range wanted {
		subjects[i] = rooms.ScheduleSubject(r.DeliveryID, r.Round, r.Attempt)
	}
	entries, err := l.lastOf(ctx, streamSchedules, subjects, rooms.ScheduleFilter)
	if err != nil {
		return nil, err
	}
	var found []Retry
	for _, s := range entries {
		r := Retry{sequence: s.sequence}
		r.DeliveryID, r.Round, r.Attempt, err = rooms.ParseScheduleSubject(s.subject)
		if err != nil {
			continue
		}
		if r.Due, err = time.Parse(time.RFC3339Nano, strings.TrimPrefix(s.header.Get(headerSchedule), "@at ")); err == nil {
			found = append(found, r)
		}
	}
	return found, nil
}

// DropRetry takes away an attempt that was found waiting. One that has gone meanwhile is no error.
func (l *Log) DropRetry(ctx context.Context, r Retry) error {
	err := l.remove(ctx, streamSchedules, r.sequence, false)
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// ScanEvents calls fn with the events of a kind that were recorded in a room at a time or later, in order. Those that
// cannot be read are reported and left out.
func (l *Log) ScanEvents(ctx context.Context, room rooms.Room, kind rooms.Kind, since time.Time, fn func(rooms.Event)) error {
	filter := rooms.EventSubject(room, kind)
	first, err := l.entry(ctx, streamEvents, get{Since: since.UTC(), Next: filter})
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	from := first.sequence
	for count := maxBatch; count == maxBatch; {
		count, err = l.walk(ctx, streamEvents, filter, from, maxBatch, func(s stored) error {
			from = s.sequence + 1
			e, err := decodeEvent(s.subject, s.sequence, s.data)
			if err != nil {
				l.options.Log.Error("an event cannot be read; it is left out", "sequence", s.sequence, "error", err)
				return nil
			}
			fn(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
