package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// tally notes what has come and the longest time in which nothing came.
type tally struct {
	mu     sync.Mutex
	came   map[string]int
	last   time.Time
	silent time.Duration
}

func (c *tally) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.last.IsZero() {
		c.silent = max(c.silent, now.Sub(c.last))
	}
	c.last = now
	c.came[id]++
}

func (c *tally) look() (count int, silent time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.came), c.silent
}

// When the leader of everything has gone, publishing, planning and the handing out of jobs go on
// within seconds, nothing that was acknowledged is lost and nothing is stored twice.
func TestWorkGoesOnWithoutTheLeader(t *testing.T) {
	n, w := wiredNodes(t)
	const victim = 0
	here := n.logs[1]
	n.makeLeader(t, streamRooms, victim)
	n.makeLeader(t, queueName(rooms.Normal), victim)
	n.makeConsumerLeader(t, streamRooms, plannerName(rooms.Normal), victim)
	n.makeConsumerLeader(t, queueName(rooms.Normal), jobsName(rooms.SMS), victim)

	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	acked, planned, handed := &tally{came: map[string]int{}}, &tally{came: map[string]int{}}, &tally{came: map[string]int{}}
	publishing, stop := context.WithCancel(ctx)
	defer stop()
	var publishers sync.WaitGroup
	for p := range 20 {
		publishers.Go(func() {
			for i := p; publishing.Err() == nil; i += 20 {
				m := someMessage(i)
				for ctx.Err() == nil { // as a client does, with the same identity
					if _, _, err := here.Append(ctx, m); err == nil {
						acked.add(m.TxID)
						break
					} else if !errors.Is(err, ErrUnavailable) && ctx.Err() == nil {
						t.Errorf("append: %v", err)
						return
					}
				}
				pause(publishing, 20*time.Millisecond)
			}
		})
	}
	all.Go(func() { plan(ctx, t, here, planned) })
	all.Go(func() { work(ctx, t, here, handed) })
	until(t, func() error { return atLeast(handed, 200) })
	w.isolate(victim)
	before, _ := handed.look()
	until(t, func() error { return atLeast(handed, before+300) })
	_, planSilent := planned.look()
	_, workSilent := handed.look()
	stop()
	publishers.Wait()
	count, silent := acked.look()
	until(t, func() error { return atLeast(handed, count) }) // what was on its way from the leader comes after AckWait
	t.Logf("%d acknowledged; longest silence: publishing %v, planning %v, jobs %v", count, silent, planSilent, workSilent)
	for id := range acked.came {
		if handed.came[id] == 0 {
			t.Errorf("message %s is lost", id)
		}
	}
	// On an idle machine it is 1.5 to 2 s. A pull that is waited for in vain takes a minute, and what goes on only because
	// AckWait has run out takes 30 s.
	for what, d := range map[string]time.Duration{"publishing": silent, "planning": planSilent, "jobs": workSilent} {
		if d > 28*time.Second {
			t.Errorf("%s was silent for %v", what, d)
		}
	}
	if stored, err := here.info(t.Context(), streamRooms); err != nil || stored.State.Messages != uint64(count) {
		t.Errorf("%d messages are stored, %v, want %d", stored.State.Messages, err, count)
	}
}

func atLeast(c *tally, want int) error {
	if count, _ := c.look(); count < want {
		return fmt.Errorf("%d have come, want %d", count, want)
	}
	return nil
}

// plan makes one job of each message.
func plan(ctx context.Context, t *testing.T, l *Log, planned *tally) {
	intake, err := l.Intake(ctx, rooms.Normal)
	if err != nil {
		t.Error(err)
		return
	}
	for ctx.Err() == nil {
		got, err := intake.Fetch(ctx, 100, time.Minute)
		if err != nil && ctx.Err() == nil {
			t.Logf("fetch messages: %v", err)
		}
		for len(got) > 0 && ctx.Err() == nil {
			var pages []PageJobs
			for _, m := range got {
				pages = append(pages, PageJobs{UMID: m.UMID, Mark: Mark{Recipients: "s", Last: true},
					Jobs: []rooms.Job{{UMID: m.UMID, Lane: rooms.Normal, Channel: rooms.SMS, Owner: m.TxID, Attempt: 1}}})
			}
			if err := l.Enqueue(ctx, rooms.Normal, pages); err != nil {
				t.Logf("enqueue: %v", err)
				continue
			}
			for _, m := range got {
				planned.add(m.TxID)
				_ = m.Finish()
			}
			break
		}
	}
}

// work takes each job and settles it.
func work(ctx context.Context, t *testing.T, l *Log, handed *tally) {
	q, err := l.Jobs(ctx, rooms.Normal, rooms.SMS)
	if err != nil {
		t.Error(err)
		return
	}
	for ctx.Err() == nil {
		err := q.Fetch(ctx, 50, time.Minute, func(j *Job) {
			handed.add(j.Owner)
			if err := j.Done(ctx); err != nil && ctx.Err() == nil {
				t.Logf("done: %v", err)
			}
		})
		if err != nil && ctx.Err() == nil {
			t.Logf("fetch jobs: %v", err)
		}
	}
}
