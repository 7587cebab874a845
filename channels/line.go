package channels

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// fetchWait is the longest that one request for jobs stands.
const fetchWait = 5 * time.Second

// line pulls the jobs of one lane and channel and has its own workers do them, so that it
// never waits for another line. It never asks for more than it has hands free.
type line struct {
	fetch func(ctx context.Context, n int, wait time.Duration, fn func(work)) error
	wait  time.Duration // how long one request for jobs stands
	do    func(pull, send context.Context, j work, down func(step))
	log   *slog.Logger

	free    chan struct{} // one token for each free worker
	gate    gate
	inHand  atomic.Int64
	waiting atomic.Int64 // jobs handed back for a while
	most    int64        // of them before nothing more is pulled
	hand    sync.WaitGroup
}

func newLine(workers, mostWaiting int, log *slog.Logger) *line {
	l := &line{log: log, free: make(chan struct{}, workers), most: int64(mostWaiting)}
	for range workers {
		l.free <- struct{}{}
	}
	return l
}

// run pulls until pull ends. Jobs in hand go on; l.hand counts them.
func (l *line) run(pull, send context.Context) {
	for l.open(pull) {
		n := l.claim(pull)
		taken := 0
		err := l.fetch(pull, n, l.wait, func(j work) {
			taken++
			l.hand.Add(1)
			go l.take(pull, send, j)
		})
		l.yield(n - taken)
		if err != nil && pull.Err() == nil {
			l.log.Warn("pulling failed; it will be tried again", "error", err)
			l.gate.close(time.Second)
		}
	}
}

// open waits until pulling makes sense, and says whether it does.
func (l *line) open(ctx context.Context) bool {
	for l.gate.wait(ctx) {
		if l.waiting.Load() < l.most {
			return true
		}
		l.gate.close(time.Second)
	}
	return false
}

// claim waits for a free worker and gives how many there are.
func (l *line) claim(ctx context.Context) int {
	select {
	case <-l.free:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case <-l.free:
		default:
			return n
		}
	}
}

func (l *line) yield(n int) {
	for range n {
		l.free <- struct{}{}
	}
}

// take does one job. While the gate is closed, what was still pulled goes back unseen.
func (l *line) take(pull, send context.Context, j work) {
	l.inHand.Add(1)
	defer l.hand.Done()
	defer l.yield(1)
	defer l.inHand.Add(-1)
	if rest := l.gate.closed(); rest > 0 {
		if j.Later(rest) == nil {
			l.handedBack(rest)
		}
		return
	}
	l.do(pull, send, j, l.down)
}

// down learns from a step what it means for the line.
func (l *line) down(s step) {
	if s.action == handBack {
		l.handedBack(s.wait)
		l.gate.close(s.pause)
	}
}

func (l *line) handedBack(wait time.Duration) {
	l.waiting.Add(1)
	time.AfterFunc(wait, func() { l.waiting.Add(-1) })
}

// gate keeps a line from pulling for a while.
type gate struct {
	mu    sync.Mutex
	until time.Time
}

// close keeps it closed for at least d from now.
func (g *gate) close(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := time.Now().Add(d); t.After(g.until) {
		g.until = t
	}
}

// closed is for how long it still is.
func (g *gate) closed() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until)
}

// wait returns when it is open, or false when ctx has ended.
func (g *gate) wait(ctx context.Context) bool {
	for rest := g.closed(); rest > 0; rest = g.closed() {
		if !sleep(ctx, rest) {
			return false
		}
	}
	return ctx.Err() == nil
}
