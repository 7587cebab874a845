package channels

import (
	"sync"
	"time"
)

// lease is the right to work on a pulled job: the queue grants it for ackWait and
// prolongs it each time it is asked. The time that counts is also that of the machine's clock,
// which goes on while the process or its machine is suspended.
type lease struct {
	working func() error
	now     func() time.Time
	term    time.Duration // ackWait

	mu      sync.Mutex
	granted time.Time
	ended   bool
	timer   *time.Timer
}

// newLease keeps asking for more, every third of the term, until end, and sooner where there was
// no answer.
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

// lost says what to do with a job that may be somebody else's. The queue gives it to another by
// itself, but if the machine's clock was set, that of the queue may have been as well, and much
// time may pass there: then it is told.
func (l *lease) lost() step {
	if l.now().Sub(l.granted) < l.term {
		return step{action: handBack}
	}
	return step{action: leave}
}

// valid believes neither clock alone: the machine's may be set back, and the other one stands
// still while the machine sleeps.
func (l *lease) valid() bool {
	now := l.now()
	return max(now.Sub(l.granted), now.Round(0).Sub(l.granted.Round(0))) < l.term
}

// prolong gives a sign of life. It never revives a lease that ran out: the job is then somebody
// else's.
func (l *lease) prolong() {
	if !l.wanted() {
		return
	}
	asked := l.now()
	answered := l.working() == nil // which may take long
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || !l.valid() {
		return
	}
	wait := l.term / 10
	if answered {
		l.granted, wait = asked, l.term/3
	}
	l.timer.Reset(wait)
}

func (l *lease) wanted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.ended && l.valid()
}

func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.timer.Stop()
}
