package stream

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// To settle an entry of a work queue costs the disk a write of its own, to purge any number of them a handful.
const (
	clearMany  = 256                   // settled jobs that are removed without waiting for more
	clearFew   = 16                    // below which they are settled one by one
	clearAfter = 50 * time.Millisecond // how long a settled job waits for others at most
	clearStuck = 5 * time.Second       // how long it waits for those before it, at most and less than AckWait
)

// clearing removes the settled jobs of a queue's channel together: all before the first that is not settled. That is right
// only where every job there was handed out here, or not yet; so it begins once none is left that was handed out before, and
// anew where a number shows that somebody else was given one. Otherwise, and where one job keeps the others waiting, they
// are settled one by one. What is not removed when the process dies comes again, and is found recorded.
type clearing struct {
	purge func(ctx context.Context, before uint64) error             // removes all before a position
	first func(ctx context.Context, from uint64) (uint64, error)     // the first position at or after another; ErrGone if there is none
	given func(ctx context.Context) (number, upTo uint64, err error) // number and position of the last that was handed out
	stuck time.Duration

	sweeping sync.Mutex // one at a time

	mu    sync.Mutex
	state knowledge
	base  uint64 // every position from here on was handed out here, or not yet
	last  uint64 // number of the last that was handed out here
	end   uint64 // position after the highest that was handed out here
	open  map[uint64]bool
	order positions          // of open, and of some that no longer are
	done  map[uint64]settled // settled, and still there
	timer *time.Timer        // nil: nobody waits
	shut  bool
}

// knowledge is what is known of the jobs that are there.
type knowledge int

const (
	missed knowledge = iota // somebody else was given one: base does not hold
	based                   // base holds, but there may be jobs before it
	whole                   // base holds, and there are none before it
)

type settled struct {
	*Held
	at time.Time
}

// newClearing begins after what the queue has handed out.
func newClearing(number, upTo uint64, stuck time.Duration) *clearing {
	return &clearing{state: based, base: upTo + 1, last: number, stuck: stuck, open: map[uint64]bool{}, done: map[uint64]settled{}}
}

// note takes in a job as it is handed out.
func (c *clearing) note(h *Held) {
	position, number := h.meta.Sequence.Stream, h.meta.Sequence.Consumer
	c.mu.Lock()
	defer c.mu.Unlock()
	if number != c.last+1 {
		c.state = missed // by somebody else, or on its way
	}
	c.last = number
	c.end = max(c.end, position+1)
	delete(c.done, position)
	if !c.open[position] {
		c.open[position] = true
		heap.Push(&c.order, position)
	}
}

// settle has a job removed, now or soon; or says that it is to be settled by itself.
func (c *clearing) settle(ctx context.Context, h *Held) (together bool) {
	position := h.meta.Sequence.Stream
	c.mu.Lock()
	delete(c.open, position)
	if c.state != whole || c.shut {
		c.mu.Unlock()
		return false
	}
	c.done[position] = settled{h, time.Now()}
	many := len(c.done)%clearMany == 0
	if c.timer == nil {
		c.timer = time.AfterFunc(clearAfter, c.tick)
	}
	c.mu.Unlock()
	if many {
		c.sweep(ctx)
	}
	return true
}

// tick sweeps, and again later if something is left.
func (c *clearing) tick() {
	c.sweep(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer = nil; len(c.done) > 0 && !c.shut {
		c.timer = time.AfterFunc(clearAfter, c.tick)
	}
}

// sweep removes what can be.
func (c *clearing) sweep(ctx context.Context) {
	c.sweeping.Lock()
	defer c.sweeping.Unlock()
	before, ready, late := c.sort(time.Now())
	if len(ready) >= clearFew && c.purge(ctx, before) == nil {
		c.removed(ready)
		ready = nil
	}
	c.alone(ctx, append(ready, late...))
	if len(late) > 0 {
		c.forget(ctx, before)
	}
}

// forget leaves out a job that keeps others waiting and is not there: the reaper may have removed it.
func (c *clearing) forget(ctx context.Context, position uint64) {
	if first, err := c.first(ctx, position); errors.Is(err, ErrGone) || err == nil && first > position {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, position)
	}
}

// sort gives the first position that is not settled, the settled jobs before it, and those behind it that have waited for
// too long.
func (c *clearing) sort(now time.Time) (before uint64, ready, late []settled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.order) > 0 && !c.open[c.order[0]] {
		heap.Pop(&c.order)
	}
	before = c.end
	if len(c.order) > 0 {
		before = c.order[0]
	}
	for position, s := range c.done {
		switch {
		case position < before && c.state == whole:
			ready = append(ready, s)
		case now.Sub(s.at) >= c.stuck || c.state != whole:
			late = append(late, s)
		}
	}
	return before, ready, late
}

// alone settles jobs one by one, and waits for some of them, and the last. What fails comes again by itself, and is found
// recorded.
func (c *clearing) alone(ctx context.Context, all []settled) {
	for i, s := range all {
		if i%waitEvery == waitEvery-1 || i == len(all)-1 {
			_ = s.Held.Done(ctx)
		} else {
			_ = s.Finish()
		}
	}
	c.removed(all)
}

func (c *clearing) removed(all []settled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range all {
		position := s.meta.Sequence.Stream
		if now, ok := c.done[position]; ok && now.Held == s.Held {
			delete(c.done, position)
		}
	}
}

// look finds out, where it is not certain that all is known, whether it is now. Nothing may be on its way from the queue.
func (c *clearing) look(ctx context.Context) {
	c.mu.Lock()
	state, base := c.state, c.base
	c.mu.Unlock()
	switch state {
	case missed:
		number, upTo, err := c.given(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil { // what came here is before that, and what comes next follows it, or somebody else was given one again
			c.state, c.base, c.last = based, upTo+1, number
		}
	case based:
		first, err := c.first(ctx, 1)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.state == based && (errors.Is(err, ErrGone) || err == nil && first >= base) {
			c.state = whole
		}
	}
}

// close settles what is left, whatever is before it.
func (c *clearing) close(ctx context.Context) {
	c.mu.Lock()
	c.stuck, c.shut = 0, true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.sweep(ctx)
}

// positions is a heap, the lowest first.
type positions []uint64

func (p positions) Len() int           { return len(p) }
func (p positions) Less(i, j int) bool { return p[i] < p[j] }
func (p positions) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *positions) Push(x any)        { *p = append(*p, x.(uint64)) }
func (p *positions) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	*p = (*p)[:last]
	return x
}

// clearing makes one for a queue's channel. Replicas gather by themselves what is settled on its way to the disk.
func (l *Log) clearing(queue, subject string, p puller) *clearing {
	info := p.consumer.CachedInfo()
	c := newClearing(info.Delivered.Consumer, info.Delivered.Stream, min(clearStuck, l.options.AckWait/3))
	c.purge = func(ctx context.Context, before uint64) error { return l.purge(ctx, queue, subject, before) }
	c.first = func(ctx context.Context, from uint64) (uint64, error) {
		s, err := l.entry(ctx, queue, get{Sequence: from, Next: subject})
		return s.sequence, err
	}
	c.given = func(ctx context.Context) (number, upTo uint64, err error) {
		info, err := l.consumer(ctx, queue, info.Name)
		if err != nil {
			return 0, 0, err
		}
		return info.Delivered.Consumer, info.Delivered.Stream, nil
	}
	l.clearings.add(c)
	return c
}

// clearings are all of a log.
type clearings struct {
	mu  sync.Mutex
	all []*clearing
}

func (c *clearings) add(one *clearing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, one)
}

// close has each remove what is left, within a second.
func (c *clearings) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		one.close(ctx)
	}
}
