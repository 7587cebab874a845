package fanout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/stream"
)

// Vault opens envelopes and seals the contacts in them one by one.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

const (
	// together is how many waiting messages are planned in one step: with one recipient each,
	// they and their markers fill half a batch.
	together = 250
	// idle is how long one pull waits for work.
	idle = 5 * time.Second
	// pauseAfterFault separates attempts when the log refuses.
	pauseAfterFault = time.Second
)

// Planner plans every lane.
type Planner struct {
	log    *stream.Log
	vault  Vault
	logger *slog.Logger
}

// New makes a planner on a log.
func New(log *stream.Log, v Vault, logger *slog.Logger) *Planner {
	return &Planner{log, v, logger}
}

// Run plans until ctx ends.
func (p *Planner) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, lane := range rooms.Lanes() {
		l, err := p.openLane(ctx, lane)
		if err != nil {
			return err
		}
		group.Go(func() error { return l.messages(ctx) })
		group.Go(func() error { return l.pages(ctx) })
		group.Go(func() error { return p.log.SweepMarkers(ctx, lane) })
	}
	return group.Wait()
}

// lane is the planner of one lane.
type lane struct {
	*Planner
	name   rooms.Lane
	intake *stream.Intake
	queue  *stream.Pages
	paged  bool // pages may be waiting: what comes now must wait behind them

	expanded chan struct{} // has one element when pages have become jobs
}

func (p *Planner) openLane(ctx context.Context, name rooms.Lane) (*lane, error) {
	intake, err := p.log.Intake(ctx, name)
	if err != nil {
		return nil, err
	}
	queue, err := p.log.Pages(ctx, name)
	if err != nil {
		return nil, err
	}
	return &lane{Planner: p, name: name, intake: intake, queue: queue, paged: true, expanded: make(chan struct{}, 1)}, nil
}

// messages plans what comes into the lane.
func (l *lane) messages(ctx context.Context) error {
	for ctx.Err() == nil {
		batch, err := l.intake.Fetch(ctx, together, idle)
		if err != nil && ctx.Err() == nil {
			l.complain(ctx, "the planner cannot read the room's log", err)
		}
		if len(batch) == 0 {
			continue
		}
		held := make([]*stream.Held, len(batch))
		for i := range batch {
			held[i] = batch[i].Held
		}
		if !l.insist(ctx, held, func() error { return l.plan(ctx, batch) }) {
			break
		}
	}
	return ctx.Err()
}

// insist repeats a step until it succeeds, keeping the work held meanwhile, then settles it. It
// gives up only when ctx ends; then the work comes back to somebody.
func (l *lane) insist(ctx context.Context, held []*stream.Held, step func() error) bool {
	stop := keep(held, l.log.AckWait()/3)
	defer stop()
	for {
		err := step()
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return false
		}
		l.complain(ctx, "planning waits", err)
	}
	crash.Point("after-planning")
	for _, h := range held {
		if err := h.Finish(); err != nil {
			l.logger.Warn("planned work could not be settled; it will come again", "lane", string(l.name), "error", err)
		}
	}
	return true
}

// keep prolongs held work every so often until the returned function is called.
func keep(held []*stream.Held, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for _, h := range held {
				_ = h.Working()
			}
		}
	}()
	return cancel
}

func (l *lane) complain(ctx context.Context, what string, err error) {
	level := slog.LevelWarn
	if !errors.Is(err, stream.ErrFull) && !errors.Is(err, stream.ErrUnavailable) {
		level = slog.LevelError
	}
	l.logger.Log(ctx, level, what, "lane", string(l.name), "error", err)
	select {
	case <-ctx.Done():
	case <-time.After(pauseAfterFault):
	}
}

// plan brings messages on their way in their order: those that fit one page become jobs here,
// all together; the others are cut into pages, and what comes behind waits for these.
func (l *lane) plan(ctx context.Context, batch []stream.Received) error {
	if err := l.drain(ctx); err != nil {
		return err
	}
	var step step
	readers := audience{log: l.log, small: map[rooms.Room][]rooms.Subscriber{}}
	for _, m := range batch {
		page, fits, err := l.onePage(ctx, &readers, m.Message)
		if err != nil {
			return err
		}
		if fits {
			page.whole = true
			step.add(page)
			continue
		}
		if err := step.finish(ctx, l.log, l.name); err != nil {
			return err
		}
		if err := l.cut(ctx, m.Header); err != nil {
			return err
		}
		if err := l.drain(ctx); err != nil {
			return err
		}
	}
	return step.finish(ctx, l.log, l.name)
}

// lookAgain is how long to wait for word that pages have become jobs before looking anyway:
// another node may have taken the last of them.
const lookAgain = 100 * time.Millisecond

// drain waits until the pages of earlier messages have all become jobs.
func (l *lane) drain(ctx context.Context) error {
	for l.paged {
		waiting, err := l.queue.Waiting(ctx)
		if err != nil {
			return err
		}
		if l.paged = waiting; !waiting {
			break
		}
		select {
		case <-l.expanded:
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// step collects pages that become jobs together, and what is to be recorded of them.
type step struct {
	pages  []planned
	events []rooms.Event // of those that were enqueued
}

func (s *step) add(p planned) { s.pages = append(s.pages, p) }

// enqueue makes jobs of the pages that were collected.
func (s *step) enqueue(ctx context.Context, log *stream.Log, lane rooms.Lane) error {
	jobs := make([]stream.PageJobs, len(s.pages))
	for i, p := range s.pages {
		jobs[i] = p.jobs
	}
	if err := log.Enqueue(ctx, lane, jobs); err != nil {
		return fmt.Errorf("fanout: enqueue: %w", err)
	}
	for i, p := range s.pages {
		s.events = append(s.events, p.record(jobs[i])...)
	}
	s.pages = nil
	return nil
}

// finish enqueues what was collected, then records all that was enqueued, and begins anew.
func (s *step) finish(ctx context.Context, log *stream.Log, lane rooms.Lane) error {
	if err := s.enqueue(ctx, log, lane); err != nil {
		return err
	}
	if err := log.Record(ctx, s.events...); err != nil {
		return fmt.Errorf("fanout: record: %w", err)
	}
	s.events = nil
	return nil
}

func accepted(h rooms.Header) rooms.Event {
	return rooms.Event{Kind: rooms.EventAccepted, Room: h.Room, UMID: h.UMID, At: h.ReceivedAt, Message: &h}
}
