package fanout

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/stream"
)

// Vault opens envelopes and seals the contacts in them one by one.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

// Record is the audit log of what the planner does.
type Record interface {
	Record(ctx context.Context, entries ...audit.Entry) error
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
	audit  Record
	logger *slog.Logger
}

// New makes a planner on a log.
func New(log *stream.Log, v Vault, r Record, logger *slog.Logger) *Planner {
	return &Planner{log, v, r, logger}
}

// Run plans until ctx ends.
func (p *Planner) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range rooms.Lanes() {
		intake, err := p.log.Intake(ctx, name)
		if err != nil {
			return err
		}
		l := &lane{p, name, intake}
		group.Go(func() error { return l.run(ctx) })
		group.Go(func() error { return p.log.SweepMarkers(ctx, name) })
	}
	return group.Wait()
}

// lane is the planner of one lane.
type lane struct {
	*Planner
	name   rooms.Lane
	intake *stream.Intake
}

// run plans what comes into the lane.
func (l *lane) run(ctx context.Context) error {
	for ctx.Err() == nil {
		batch, err := l.intake.Fetch(ctx, together, idle)
		if err != nil && ctx.Err() == nil {
			l.complain(ctx, "the planner cannot read the room's log", err)
		}
		if len(batch) > 0 && !l.insist(ctx, batch) {
			break
		}
	}
	return ctx.Err()
}

// insist repeats the planning of messages until it succeeds, holding them meanwhile, then
// settles them. It gives up only when ctx ends; then they come back to somebody.
func (l *lane) insist(ctx context.Context, batch []stream.Received) bool {
	stop := keep(batch, l.log.AckWait()/3)
	defer stop()
	for {
		err := l.plan(ctx, batch)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return false
		}
		l.complain(ctx, "planning waits", err)
	}
	crash.Point("after-planning")
	for _, m := range batch {
		if err := m.Finish(); err != nil {
			l.logger.Warn("planned messages could not be settled; they will come again", "lane", string(l.name), "error", err)
		}
	}
	return true
}

// keep prolongs held messages every so often until the returned function is called.
func keep(batch []stream.Received, every time.Duration) (stop func()) {
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
			for _, m := range batch {
				_ = m.Working()
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

// plan makes jobs of messages in their order: those that fit one page together, the others page
// by page.
func (l *lane) plan(ctx context.Context, batch []stream.Received) error {
	s := step{log: l.log, audit: l.audit, lane: l.name}
	small := audience{log: l.log, known: map[rooms.Room][]rooms.Subscriber{}}
	for _, m := range batch {
		page, fits, err := l.onePage(ctx, small, m.Message)
		if err != nil {
			return err
		}
		if fits {
			s.add(page)
			continue
		}
		if err := l.finish(ctx, &s); err != nil {
			return err
		}
		if err := l.large(ctx, m.Message); err != nil {
			return err
		}
	}
	return l.finish(ctx, &s)
}

// finish brings a step to its end. A message that seemed to fit one page may have been larger
// when its planning began, before an interruption: then it goes on there.
func (l *lane) finish(ctx context.Context, s *step) error {
	unfinished, err := s.finish(ctx)
	for _, m := range unfinished {
		err = errors.Join(err, l.large(ctx, m))
	}
	return err
}
