package channels

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
)

// put takes a step: it records, then puts the job down, and gives the step that was possible.
// A retry is parked before the event says that it will come, so that a crash between the
// two loses none; an event is durable before its job is gone. If the retry cannot be parked,
// say because too many wait already, the job goes back as if nothing had been tried; but what was sent is
// recorded all the same, without a second channel, for it would be sent again.
func (w *worker) put(ctx context.Context, j work, s step) step {
	if s.maySent {
		j.claim = 0
	}
	switch s.action {
	case handBack:
		w.unclaim(ctx, j)
		if err := j.Later(s.wait); err != nil {
			w.log.Warn("job not handed back; it returns by itself", append(ids(j.Job), "error", err)...)
		}
		return s
	case finish:
		return w.finish(ctx, j, s)
	case suspend:
		return w.suspend(ctx, j, s)
	}
	w.unclaim(ctx, j)
	w.log.Warn("job held too long and dropped unsent", ids(j.Job)...)
	return s
}

// suspend takes a job of a paused message out of its lane, which it would hold up.
func (w *worker) suspend(ctx context.Context, j work, s step) step {
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	if err := insist(ctx, w.log, "setting aside a job of a paused message", j.Suspend); err != nil {
		return step{action: leave}
	}
	crash.Point("after-suspend")
	if err := j.Done(ctx); err != nil {
		w.log.Warn("job not acknowledged; it returns and is set aside again", append(ids(j.Job), "error", err)...)
	}
	return s
}

func (w *worker) finish(ctx context.Context, j work, s step) step {
	ctx, cancel := linger(ctx, recordPatience)
	defer cancel()
	if err := w.park(ctx, j, s); err != nil {
		switch {
		case s.event.Kind == rooms.EventSent || s.event.Kind == rooms.EventDelivered:
			w.log.Warn("second channel not parked; the first has the last word", append(ids(j.Job), "error", err)...)
			s.event.RetryAt, s.retry = time.Time{}, time.Time{}
		default:
			w.log.Warn("retry not parked; the attempt does not count", append(ids(j.Job), "error", err)...)
			return w.put(ctx, j, step{action: handBack, wait: maxShort})
		}
	}
	if !w.write(ctx, j.Job, s.event) {
		return step{action: leave}
	}
	crash.Point("after-event")
	if err := j.Done(ctx); err != nil {
		w.log.Warn("job not acknowledged; it returns and is skipped", append(ids(j.Job), "error", err)...)
	}
	return s
}

// park makes durable what is due after a step, if anything is.
func (w *worker) park(ctx context.Context, j work, s step) error {
	if s.retry.IsZero() {
		return nil
	}
	then := s.then
	if then.UMID == "" {
		then = next(j.Job)
	}
	return w.journal.Park(ctx, then, s.retry)
}

// write makes an event durable, however long the log takes, and says whether it could.
func (w *worker) write(ctx context.Context, j rooms.Job, e rooms.Event) bool {
	if e.Kind == "" {
		return true
	}
	record := func(ctx context.Context) error { return w.journal.Record(ctx, e) }
	if err := insist(ctx, w.log, "recording an event", record); err != nil {
		w.log.Error("event not recorded", append(ids(j), "kind", e.Kind, "error", err)...)
		return false
	}
	w.lately.note(e)
	w.tell(j, e)
	if e.Kind == rooms.EventFailed && e.Reason.Wrong() {
		w.failures.Failed(e.UMID)
	}
	return true
}

// tell logs what happened: what went well for those who ask for it only.
func (w *worker) tell(j rooms.Job, e rooms.Event) {
	attributes := append(ids(j), "provider", e.Provider, "reason", e.Reason, "code", e.Code)
	if e.Kind == rooms.EventSent || e.Kind == rooms.EventDelivered || e.Kind == rooms.EventPostponed {
		w.log.Debug(string(e.Kind), attributes...)
		return
	}
	w.log.Info(string(e.Kind), attributes...)
}

// ids is what a log line says of a job.
func ids(j rooms.Job) []any {
	return []any{"umid", j.UMID, "n", j.N, "attempt", j.Attempt, "room", j.Room, "lane", j.Lane, "channel", j.Channel}
}
