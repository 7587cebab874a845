package channels

import (
	"context"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
)

// reapBatch is how many expired jobs are recorded together.
const reapBatch = 256

// reaper finds jobs past their deadline that nobody pulls, say because a channel is paused,
// and records them as failed before it deletes them. It looks at a part of a lane at a time
// and goes on from there the next time; after the end it begins anew.
type reaper struct {
	shelf   shelf
	journal journal
	history History
	ledger  ledger
	limit   int           // jobs looked at in one search of a lane
	grace   time.Duration // after the deadline, so that no attempt can be under way
	log     *slog.Logger
	now     func() time.Time
	oldest  map[rooms.Lane]func(time.Duration) // told the age of a lane's oldest job
	cursor  map[rooms.Lane]uint64
}

func newReaper(s shelf, j journal, h History, c ledger, log *slog.Logger, now func() time.Time) *reaper {
	return &reaper{shelf: s, journal: j, history: h, ledger: c, log: log, now: now,
		oldest: map[rooms.Lane]func(time.Duration){}, cursor: map[rooms.Lane]uint64{}}
}

// overdue is a job found past its deadline.
type overdue struct {
	sequence uint64
	job      rooms.Job
}

// watch tells the age of each lane's oldest job every so often until ctx ends, on every node.
func (r *reaper) watch(ctx context.Context, every time.Duration) {
	for ok := true; ok; ok = sleep(ctx, every) {
		for _, lane := range rooms.Lanes() {
			r.weigh(ctx, lane)
		}
	}
}

// run searches all lanes every so often until ctx ends. One node is enough; two at once find the
// same, and record and delete it under the same identities.
func (r *reaper) run(ctx context.Context, every time.Duration) error {
	for ok := true; ok; ok = sleep(ctx, every) {
		for _, lane := range rooms.Lanes() {
			if err := r.search(ctx, lane); err != nil && ctx.Err() == nil {
				r.log.Warn("search for expired jobs failed", "lane", lane, "error", err)
			}
		}
	}
	return ctx.Err()
}

// search looks at the next part of a lane.
func (r *reaper) search(ctx context.Context, lane rooms.Lane) error {
	var found []overdue
	limit := r.now().Add(-r.grace)
	next, err := r.shelf.ScanJobs(ctx, lane, r.cursor[lane], r.limit, func(sequence uint64, j rooms.Job) error {
		if j.Deadline.Before(limit) {
			found = append(found, overdue{sequence, j})
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.cursor[lane] = next
	for len(found) > 0 {
		n := min(len(found), reapBatch)
		if err := r.bury(ctx, lane, found[:n]); err != nil {
			return err
		}
		found = found[n:]
	}
	return nil
}

// weigh reports the age of the oldest job in the lane, zero if there is none.
func (r *reaper) weigh(ctx context.Context, lane rooms.Lane) {
	var age time.Duration
	_, err := r.shelf.ScanJobs(ctx, lane, 0, 1, func(_ uint64, j rooms.Job) error {
		age = r.now().Sub(j.UMID.Time())
		return nil
	})
	if err == nil {
		r.oldest[lane](age)
	}
}

// bury records what is not recorded yet and deletes. A job whose event is there, but whose
// acknowledgement was lost, only leaves.
func (r *reaper) bury(ctx context.Context, lane rooms.Lane, found []overdue) error {
	var events []rooms.Event
	for _, o := range found {
		settled, err := r.settled(ctx, o.job)
		if err != nil {
			return err
		}
		if settled {
			continue
		}
		why, err := r.why(ctx, o.job)
		if err != nil {
			return err
		}
		events = append(events, giveUp(o.job, why, r.now()).event)
	}
	if len(events) > 0 {
		if err := r.journal.Record(ctx, events...); err != nil {
			return err
		}
	}
	for _, o := range found {
		if err := r.shelf.DropJob(ctx, lane, o.sequence); err != nil {
			return err
		}
	}
	r.log.Info("expired", "lane", lane, "jobs", len(found), "recorded", len(events))
	return nil
}

// why is for what reason a job fails: nobody knows whether one that was begun was sent.
func (r *reaper) why(ctx context.Context, j rooms.Job) (rooms.Reason, error) {
	if j.Undecided {
		return rooms.Unknown, nil
	}
	begun, _, err := r.ledger.begun(ctx, j)
	if begun {
		return rooms.Unknown, nil // whatever its policy is
	}
	return rooms.Expired, err
}

func (r *reaper) settled(ctx context.Context, j rooms.Job) (bool, error) {
	if !j.Undecided {
		return r.history.Settled(ctx, j.ID(), j.Round, j.Attempt)
	}
	s, err := r.history.State(ctx, j.ID())
	return decidedOf(s, j), err
}
