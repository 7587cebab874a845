package lease

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms/stream"
)

// Why leases are lost, or not known to be held.
var (
	errSilent  = errors.New("lease: not prolonged in time")
	errTaken   = errors.New("lease: somebody else has taken it")
	errUnknown = errors.New("lease: it stood at another revision")
)

// term is the time from taking a lease to losing it or giving it back.
type term struct {
	*contender
	epoch    uint64
	revision uint64 // used by the one goroutine that prolongs

	mu      sync.Mutex
	until   time.Time // work may go on
	granted time.Duration
	lost    bool
	timer   *time.Timer
	end     context.CancelCauseFunc
}

func newTerm(c *contender, epoch uint64, asked time.Time, times Options) *term {
	return &term{contender: c, epoch: epoch, revision: epoch, until: asked.Add(times.term()), granted: times.term()}
}

// serve does the work until it returns; its context ends when the lease is lost. It says for how
// long the lease is then left to others.
func (t *term) serve(ctx context.Context, work Work) (pause time.Duration) {
	ctx, t.end = context.WithCancelCause(ctx)
	defer t.end(nil)
	t.mu.Lock()
	t.timer = time.AfterFunc(time.Until(t.until), func() { t.lose(errSilent) })
	t.mu.Unlock()
	prolonging, stop := context.WithCancel(ctx)
	var prolonger sync.WaitGroup
	prolonger.Go(func() { t.prolong(prolonging) })
	err := work(ctx, t.epoch, t.held)
	stop()
	prolonger.Wait()
	t.timer.Stop()
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) || errors.Is(cause, errTaken) {
		t.log.Warn("lease lost", "epoch", t.epoch, "reason", cause, "late", t.late())
		return 0
	}
	if ctx.Err() == nil {
		t.log.Warn("work under a lease has ended; it will begin anew", "error", err)
	}
	t.giveBack()
	return t.options.TTL
}

// giveBack lets others take the lease at once.
func (t *term) giveBack() {
	_, err := t.write(true)
	if err != nil { // once more, since a sign of life may have been written of which nobody knew
		_, err = t.write(true)
	}
	if err != nil && !errors.Is(err, errTaken) {
		t.log.Warn("lease not given back; it runs out", "epoch", t.epoch, "error", err)
		return
	}
	t.log.Info("lease given back", "epoch", t.epoch)
}

// late is how long after the end of the lease the work has returned.
func (t *term) late() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(0, time.Since(t.until)).Round(time.Millisecond)
}

// held says whether nobody else can have taken the lease. It does not wait for a timer: after the
// process was suspended it is right at once.
func (t *term) held() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.lost && time.Now().Before(t.until)
}

// lose ends the work.
func (t *term) lose(why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost = true
	t.end(why)
}

// extend counts the lease anew from when its sign of life was given. It never revives one that ran out.
func (t *term) extend(asked time.Time, times Options) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost || !time.Now().Before(t.until) {
		return
	}
	t.until, t.granted = asked.Add(times.term()), times.term()
	t.timer.Reset(time.Until(t.until))
}

// shorten counts a lease that is about to be asked for anew for no longer than it will be granted, even if no answer comes.
func (t *term) shorten(asked time.Time, times Options) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := asked.Add(times.term()); !t.lost && until.Before(t.until) {
		t.until = until
		t.timer.Reset(time.Until(t.until))
	}
}

// prolong gives signs of life until ctx ends, each on its time or as soon as the one before is known to be stored.
func (t *term) prolong(ctx context.Context) {
	for next := t.half(); ; next = t.half() {
		if sleep(ctx, time.Until(next)); ctx.Err() != nil || !t.sign(ctx, time.Now()) {
			return
		}
	}
}

// half is when half of the time has gone for which the lease was granted: the next sign of life is due.
func (t *term) half() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until.Add(-t.granted / 2)
}

// sign has one sign of life stored, which counts from when it was first asked for: until it is known no other can be stored.
func (t *term) sign(ctx context.Context, asked time.Time) bool {
	for {
		times := t.slow.times()
		t.shorten(asked, times)
		stored, err := t.write(false)
		switch {
		case err == nil && stored > 0:
			times.TTL = stored // of an earlier attempt
			fallthrough
		case err == nil:
			t.extend(asked, times)
			return true
		case errors.Is(err, errTaken):
			t.lose(err)
			return false
		}
		if sleep(ctx, t.options.retry()); ctx.Err() != nil {
			return false
		}
	}
}

// write gives a sign of life, or gives the lease back. What seemed to fail may have been written: then this finds another
// revision, which is ours. That is a sign of life too, and stored is the TTL with which it was given; to give the lease back
// goes on from there.
func (t *term) write(free bool) (stored time.Duration, err error) {
	revision, err := t.change(context.Background(), stream.Lease{Revision: t.revision, Free: free})
	if err == nil {
		t.revision = revision
	}
	if !errors.Is(err, stream.ErrRevision) {
		return 0, err
	}
	last, err := t.read(context.Background())
	switch {
	case err != nil:
		return 0, err
	case last.Revision > t.revision && !t.mine(last):
		return 0, errTaken
	case last.Revision > t.revision:
		t.find(last)
		if t.revision = last.Revision; !free {
			return t.ttlOf(last), nil
		}
	}
	return 0, errUnknown
}
