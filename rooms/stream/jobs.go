package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// PageJobs are the jobs that a page has become.
type PageJobs struct {
	UMID rooms.UMID
	Page int
	Jobs []rooms.Job
	Mark Mark

	fence uint64 // entry of the lane's fence that must be the last; 0 for any
}

// Enqueue stores the jobs of pages, each page with its marker, in as few atomic batches as
// they fit into. A page whose marker is there already has its jobs from before; it is left
// out, and its Mark becomes that of the jobs that are there: who has come or left meanwhile
// changes nothing. ErrFull if the queue has no room; pages before the refused one may be stored.
func (l *Log) Enqueue(ctx context.Context, lane rooms.Lane, pages []PageJobs) error {
	first, size := 0, 0
	for i, p := range pages {
		need := len(p.Jobs) + 1
		if size+need > maxBatch {
			if err := l.enqueue(ctx, lane, pages[first:i]); err != nil {
				return err
			}
			first, size = i, 0
		}
		size += need
	}
	return l.enqueue(ctx, lane, pages[first:])
}

// errTwice says that a page stands twice in a batch, or is being stored by somebody else.
var errTwice = errors.New("a page twice at the same time")

func (l *Log) enqueue(ctx context.Context, lane rooms.Lane, pages []PageJobs) error {
	if len(pages) == 0 {
		return nil
	}
	msgs, err := l.encodePages(lane, pages)
	if err != nil {
		return err
	}
	err = l.insist(ctx, func(ctx context.Context) error {
		err := l.append(ctx, msgs)
		if len(pages) > 1 && hasCode(err, codeSubjectTwice) {
			return errTwice
		}
		return err
	})
	switch exists := errors.Is(err, ErrExists); {
	case exists && len(pages) == 1:
		return l.readMark(ctx, lane, &pages[0])
	case !exists && !errors.Is(err, errTwice), len(pages) == 1:
		return err
	}
	half := len(pages) / 2
	if err := l.enqueue(ctx, lane, pages[:half]); err != nil {
		return err
	}
	return l.enqueue(ctx, lane, pages[half:])
}

// readMark gives a page the mark that is there.
func (l *Log) readMark(ctx context.Context, lane rooms.Lane, p *PageJobs) error {
	m, ok, err := l.Mark(ctx, lane, p.UMID, p.Page)
	if err == nil && !ok {
		err = ErrUnavailable // it went a moment ago
	}
	p.Mark = m
	return err
}

func (l *Log) encodePages(lane rooms.Lane, pages []PageJobs) ([]*nats.Msg, error) {
	var msgs []*nats.Msg
	fenced := false // once for all: a batch is stored as a whole
	for _, p := range pages {
		for _, j := range p.Jobs {
			m, err := encodeJob(j)
			if err != nil {
				return nil, err
			}
			if !fenced {
				behind(m, lane, p.fence)
				fenced = true
			}
			msgs = append(msgs, m)
		}
		mark, err := l.marker(lane, p)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, mark)
	}
	if fence := pages[0].fence; !fenced && fence > 0 {
		msgs = append([]*nats.Msg{turnEntry(lane, fence)}, msgs...)
	}
	return msgs, nil
}

func encodeJob(j rooms.Job) (*nats.Msg, error) {
	data, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("stream: encode a job: %w", err)
	}
	return &nats.Msg{Subject: rooms.JobSubject(j.Lane, j.Channel), Header: nats.Header{}, Data: data}, nil
}

func decodeJob(subject string, data []byte) (rooms.Job, error) {
	var j rooms.Job
	if err := json.Unmarshal(data, &j); err != nil {
		return j, fmt.Errorf("stream: read a job: %w", err)
	}
	var err error
	j.Lane, j.Channel, err = rooms.ParseJobSubject(subject)
	return j, err
}

// Jobs hands out the jobs of a lane and channel, in order.
type Jobs struct {
	log     *Log
	opened  uint64
	settled atomic.Uint64
	puller
}

// Job is a delivery to be made.
type Job struct {
	rooms.Job
	*Held
	queue     *Jobs
	mayRepeat bool
}

// waitEvery is how many jobs are settled for each that is waited for.
const waitEvery = 16

// Done settles the job, which must have been recorded: a process that is killed a moment later may
// be given it again, and finds the record. One in 16 waits until the queue has taken note of all
// before it, so that no more are settled than the disk keeps up with.
func (j *Job) Done(ctx context.Context) error {
	if j.queue.settled.Add(1)%waitEvery == 0 {
		return j.Held.Done(ctx)
	}
	return j.Finish()
}

// MayRepeat says whether somebody may have worked on this job before: it was handed out
// earlier, it is not the first attempt, it was postponed, its message was paused, or it stood in the queue before this process began,
// since a server that is killed forgets what it has handed out.
func (j *Job) MayRepeat() bool { return j.mayRepeat }

// Jobs opens the consumer of a lane and channel.
func (l *Log) Jobs(ctx context.Context, lane rooms.Lane, ch rooms.Channel) (*Jobs, error) {
	p, err := l.puller(ctx, queueName(lane), jobsName(ch))
	return &Jobs{log: l, opened: l.opened[lane], puller: p}, err
}

// Fetch asks for at most max jobs and calls fn for each as it comes; it returns when max came
// or wait is over.
func (q *Jobs) Fetch(ctx context.Context, max int, wait time.Duration, fn func(*Job)) error {
	return q.fetch(ctx, max, wait, func(h *Held) error {
		j, err := decodeJob(h.msg.Subject(), h.msg.Data())
		if err != nil {
			q.log.options.Log.Error("a job cannot be read; it is dropped", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		repeat := h.meta.NumDelivered > 1 || j.Attempt > 1 || j.Round > 0 || j.Waited || !j.Due.IsZero() || h.meta.Sequence.Stream <= q.opened
		fn(&Job{j, h, q, repeat})
		return nil
	})
}

// ScanJobs calls fn with the jobs of a lane from a position in its queue on, at most limit,
// whether or not somebody works on them. next is where to go on; 0 at the end. Jobs that cannot
// be read are reported and left out.
func (l *Log) ScanJobs(ctx context.Context, lane rooms.Lane, from uint64, limit int, fn func(sequence uint64, j rooms.Job) error) (next uint64, err error) {
	next = from
	count, err := l.walk(ctx, queueName(lane), rooms.JobFilter(lane), from, limit, func(s stored) error {
		next = s.sequence + 1
		j, err := decodeJob(s.subject, s.data)
		if err != nil {
			l.options.Log.Error("a job cannot be read; it is left out", "lane", string(lane), "sequence", s.sequence, "error", err)
			return nil
		}
		return fn(s.sequence, j)
	})
	if err != nil || count < limit {
		return 0, err
	}
	return next, nil
}

// DropJob removes a job from its lane's queue. Dropping what is gone is no error.
func (l *Log) DropJob(ctx context.Context, lane rooms.Lane, sequence uint64) error {
	err := l.remove(ctx, queueName(lane), sequence, false)
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// QueueLength is how many entries a lane's queue holds, markers included.
func (l *Log) QueueLength(ctx context.Context, lane rooms.Lane, ch rooms.Channel) (uint64, error) {
	info, err := l.consumer(ctx, queueName(lane), jobsName(ch))
	if err != nil {
		return 0, err
	}
	return info.NumPending + uint64(max(info.NumAckPending, 0)), nil
}

// consumer gives what is known of a durable consumer.
func (l *Log) consumer(ctx context.Context, stream, name string) (info *jetstream.ConsumerInfo, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		c, err := l.read.Consumer(ctx, stream, name)
		if err == nil {
			info = c.CachedInfo()
		}
		return err
	})
	return info, err
}
