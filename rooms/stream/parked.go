package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Suspend stores the job among those whose messages are paused; with others that are stored at the same time it shares
// a commit. The job in hand is to be settled afterwards. Doing both again leaves one.
func (j *Job) Suspend(ctx context.Context) error {
	waiting := j.Job
	waiting.Waited = true
	m, err := encodeJob(waiting)
	if err != nil {
		return err
	}
	m.Subject = rooms.ParkedSubject(j.UMID)
	m.Header = nats.Header{
		headerLane:    {string(j.Lane)},
		headerChannel: {string(j.Channel)},
		// Where it was taken from tells it from the same job, back in its lane and taken once more.
		jetstream.MsgIDHeader: {identity(j.Job) + "." + strconv.FormatUint(j.meta.Sequence.Stream, 10)},
	}
	return j.queue.log.aside.append(ctx, m).err
}

func decodeParked(s stored) (rooms.Job, error) {
	return decodeJob(rooms.JobSubject(rooms.Lane(s.header.Get(headerLane)), rooms.Channel(s.header.Get(headerChannel))), s.data)
}

// Suspended gives the messages of which jobs wait in a pause, and how many.
func (l *Log) Suspended(ctx context.Context) (map[rooms.UMID]uint64, error) {
	question := struct {
		Filter string `json:"subjects_filter"`
	}{rooms.ParkedFilter}
	var a struct {
		answer
		State struct {
			Subjects map[string]uint64 `json:"subjects"`
		} `json:"state"`
	}
	err := l.insist(ctx, func(ctx context.Context) error { return l.api(ctx, "STREAM.INFO."+streamParked, question, &a) })
	if err != nil {
		return nil, err
	}
	all := map[rooms.UMID]uint64{}
	for subject, n := range a.State.Subjects {
		if u, err := rooms.ParseParkedSubject(subject); err == nil {
			all[u] = n
		}
	}
	return all, nil
}

// SuspendedJobs reads the jobs of a message that wait in a pause, from a position on, at most limit; upTo is the position
// of the last that was looked at, 0 if there was none. Jobs that cannot be read are reported and left out.
func (l *Log) SuspendedJobs(ctx context.Context, u rooms.UMID, from uint64, limit int) (jobs []rooms.Job, upTo uint64, err error) {
	_, err = l.walk(ctx, streamParked, rooms.ParkedSubject(u), from, limit, func(s stored) error {
		upTo = s.sequence
		j, err := decodeParked(s)
		if err != nil {
			l.options.Log.Error("a job that waits in a pause cannot be read; it is dropped", "sequence", s.sequence, "error", err)
			return nil
		}
		jobs = append(jobs, j)
		return nil
	})
	return jobs, upTo, err
}

// DropSuspended forgets the jobs of a message that wait, up to a position.
func (l *Log) DropSuspended(ctx context.Context, u rooms.UMID, upTo uint64) error {
	return l.purge(ctx, streamParked, rooms.ParkedSubject(u), upTo+1)
}

// moved is how far the jobs of a message are back in their lane. It stands in the lane's queue, where it is stored in one
// step with the jobs, so that none goes back twice.
type moved struct {
	UpTo  uint64 `json:"upTo"` // position among those that wait
	entry uint64 // 0: there is none
}

func (l *Log) movedTo(ctx context.Context, lane rooms.Lane, u rooms.UMID) (m moved, err error) {
	s, err := l.sure(ctx, queueName(lane), get{Last: rooms.MovedSubject(lane, u)})
	if errors.Is(err, ErrGone) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(s.data, &m)
	}
	m.entry = s.sequence
	return m, err
}

// Unsuspend takes some of the jobs that wait, the oldest first, back into the lane of their message, and gives how many; 0
// says that none is left. ErrFull if the lane has no room. Only one at a time does so.
func (l *Log) Unsuspend(ctx context.Context, u rooms.UMID) (n int, err error) {
	first, upTo, err := l.SuspendedJobs(ctx, u, 0, 1)
	if err != nil || upTo == 0 {
		return 0, err
	}
	if len(first) == 0 {
		return 1, l.DropSuspended(ctx, u, upTo)
	}
	lane := first[0].Lane
	at, err := l.movedTo(ctx, lane, u)
	if err != nil {
		return 0, err
	}
	jobs, upTo, err := l.SuspendedJobs(ctx, u, at.UpTo+1, maxBatch-1)
	if err != nil {
		return 0, err
	}
	if upTo > 0 {
		if err := l.moveBack(ctx, lane, u, jobs, at, upTo); err != nil {
			return 0, err
		}
	}
	if err := l.DropSuspended(ctx, u, max(upTo, at.UpTo)); err != nil {
		return 0, err
	}
	// Entries of how far it was before are of no use; the last one goes by itself.
	return max(len(jobs), 1), l.purge(ctx, queueName(lane), rooms.MovedSubject(lane, u), max(at.entry, 1))
}

func (l *Log) moveBack(ctx context.Context, lane rooms.Lane, u rooms.UMID, jobs []rooms.Job, at moved, upTo uint64) error {
	data, err := json.Marshal(moved{UpTo: upTo})
	if err != nil {
		return fmt.Errorf("stream: encode how far jobs are back: %w", err)
	}
	msgs := make([]*nats.Msg, 0, len(jobs)+1)
	now := time.Now().UTC()
	for _, j := range jobs {
		j.Since = now
		m, err := encodeJob(j)
		if err != nil {
			return err
		}
		msgs = append(msgs, m)
	}
	msgs = append(msgs, &nats.Msg{Subject: rooms.MovedSubject(lane, u), Data: data, Header: nats.Header{
		headerExpectedLast: {strconv.FormatUint(at.entry, 10)}, headerTTL: {l.options.MarkerTTL.String()}}})
	err = l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, msgs) })
	if errors.Is(err, ErrExists) {
		return ErrUnavailable // it is stored already, or somebody else has done so: the next call sees
	}
	return err
}

// Requeue puts further jobs into a lane, at most 999; one that was put there a moment ago is left out.
func (l *Log) Requeue(ctx context.Context, jobs []rooms.Job) error {
	msgs := make([]*nats.Msg, len(jobs))
	for i, j := range jobs {
		m, err := encodeJob(j)
		if err != nil {
			return err
		}
		m.Header.Set(jetstream.MsgIDHeader, identity(j))
		msgs[i] = m
	}
	return l.move(ctx, msgs)
}
