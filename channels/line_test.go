package channels

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// spring is a queue that always has as many jobs as are asked for.
type spring struct {
	diary
	mu    sync.Mutex
	asked int // in all
	from  []time.Time
}

func (s *spring) fetch(_ context.Context, n int, _ time.Duration, fn func(work)) error {
	s.mu.Lock()
	s.asked += n
	s.from = append(s.from, time.Now())
	s.mu.Unlock()
	for range n {
		fn(s.job(0))
	}
	return nil
}

func newTestLine(s *spring, workers, most int, do func(pull, send context.Context, j work, down func(step))) *line {
	l := newLine(workers, most, slog.New(slog.DiscardHandler))
	l.fetch, l.do = s.fetch, do
	return l
}

func TestNeverMoreThanFreeWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spring{}
		release := make(chan struct{})
		l := newTestLine(s, 5, 100, func(_, _ context.Context, _ work, _ func(step)) { <-release })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { l.run(ctx, ctx) })
		for done := range 20 {
			synctest.Wait()
			if s.asked != 5+done || l.inHand.Load() != 5 {
				t.Fatalf("%d asked for and %d in hand after %d were done", s.asked, l.inHand.Load(), done)
			}
			release <- struct{}{}
		}
		cancel()
		running.Wait()
		close(release)
		l.hand.Wait()
	})
}

func TestThrottledLinePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spring{}
		l := newTestLine(s, 4, 100, func(_, _ context.Context, _ work, down func(step)) {
			down(step{action: handBack, wait: 10 * time.Second, pause: 10 * time.Second})
		})
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		l.run(ctx, ctx)
		l.hand.Wait()
		began := s.from[0]
		for i, at := range s.from {
			if since := at.Sub(began); since%(10*time.Second) != 0 {
				t.Errorf("pull %d after %s, in a pause", i, since)
			}
		}
		if len(s.from) < 4 {
			t.Errorf("%d pulls in 35 seconds, want one at least after each pause", len(s.from))
		}
	})
}

func TestHandedBackJobsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &spring{}
		l := newTestLine(s, 4, 20, func(_, _ context.Context, _ work, down func(step)) {
			down(step{action: handBack, wait: 30 * time.Second})
		})
		ctx, cancel := context.WithTimeout(t.Context(), 29*time.Second)
		defer cancel()
		l.run(ctx, ctx)
		if n := l.waiting.Load(); n < 20 || n > 20+4+4 { // in hand when it was looked, and taken after that
			t.Errorf("%d wait, want 20 and what was in hand", n)
		}
		time.Sleep(time.Minute)
		if n := l.waiting.Load(); n != 0 {
			t.Errorf("%d still count as waiting", n)
		}
	})
}
