package channels

import (
	"sync"
	"time"
)

// lease is the right to work on a pulled job: the queue grants it for ackWait and
// prolongs it each time it is asked. Time is the wall clock's, which goes on while the
// process or its machine is suspended.
type lease struct {
	working func() error
	now     func() time.Time
	term    time.Duration // ackWait

	mu      sync.Mutex
	granted time.Time
	ended   bool
	timer   *time.Timer
}

// newLease keeps asking for more, every third of the term, until end.
func newLease(w work, term time.Duration, now func() time.Time) *lease {
	l := &lease{working: w.Working, now: now, term: term, granted: w.since}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(term/3, l.prolong)
	return l
}

// held says whether nobody else can have been given the job.
func (l *lease) held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.valid()
}

func (l *lease) valid() bool { return l.now().Round(0).Sub(l.granted.Round(0)) < l.term }

// prolong never revives a lease that ran out: the job is then somebody else's.
func (l *lease) prolong() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || !l.valid() {
		return
	}
	asked := l.now()
	if l.working() == nil {
		l.granted = asked
	}
	l.timer.Reset(l.term / 3)
}

func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.timer.Stop()
}
