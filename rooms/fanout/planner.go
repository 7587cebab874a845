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
	"github.com/govcrier/crier/rooms/vault"
)

// Vault opens envelopes and seals the contacts in them one by one. Its errors are those of package
// vault.
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
	// idle is how long one pull waits for work, and so how soon it is noticed that a message was
	// given to somebody who is gone.
	idle = time.Second
	// pauseAfterFault separates attempts when the log refuses.
	pauseAfterFault = time.Second
	// pauseAtSilence does the same when it does not answer, say because its leader has died.
	pauseAtSilence = 50 * time.Millisecond
	// complainEvery is the time between two lines about the same.
	complainEvery = 10 * time.Second
	// keyPatience is how long a key that is not here is waited for before another node may try.
	keyPatience = 5 * time.Second
)

// Leases have one node at a time do a piece of work, until its ctx ends. Epochs count up, whoever
// does it; held says whether it is certain at this moment that nobody else does.
type Leases interface {
	Hold(ctx context.Context, name string, work func(ctx context.Context, epoch uint64, held func() bool) error) error
}

// Planner plans every lane.
type Planner struct {
	log    *stream.Log
	vault  Vault
	audit  Record
	leases Leases
	logger *slog.Logger

	// Controls say which messages are paused or cancelled; nil: none ever is.
	Controls Controls
}

// New makes a planner on a log.
func New(log *stream.Log, v Vault, r Record, leases Leases, logger *slog.Logger) *Planner {
	return &Planner{log: log, vault: v, audit: r, leases: leases, logger: logger}
}

// Run plans until ctx ends, each lane while this node holds its lease.
func (p *Planner) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range rooms.Lanes() {
		group.Go(func() error { return p.leases.Hold(ctx, "plan-"+string(name), p.work(name)) })
	}
	return group.Wait()
}

// work plans a lane, and removes the marks that have done their service there: also while there
// is no room for a turn to begin.
func (p *Planner) work(name rooms.Lane) func(context.Context, uint64, func() bool) error {
	return func(ctx context.Context, epoch uint64, held func() bool) error {
		l := &lane{Planner: p, name: name, held: held}
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error {
			if err := l.begin(ctx, epoch); err != nil {
				return err
			}
			return l.run(ctx)
		})
		group.Go(func() error { return p.log.SweepMarkers(ctx, name) })
		return group.Wait()
	}
}

// lane is the planner of one lane, for as long as it is its turn.
type lane struct {
	*Planner
	name rooms.Lane
	turn *stream.Turn
	held func() bool
	said complaint // the last one

	asides asides
}

// complaint is one of the lines that say what planning waits for.
type complaint struct {
	level slog.Level
	at    time.Time
}

// begin takes the turn, trying until it succeeds or is not to be had.
func (l *lane) begin(ctx context.Context, epoch uint64) (err error) {
	for {
		l.turn, err = l.log.Turn(ctx, l.name, epoch)
		if err == nil || ctx.Err() != nil || errors.Is(err, stream.ErrFenced) {
			return err
		}
		l.complain(ctx, "the planner cannot begin yet", err)
	}
}

// run plans what comes into the lane, until ctx ends or it is somebody else's turn.
func (l *lane) run(ctx context.Context) error {
	if err := l.lookAside(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		batch, err := l.turn.Fetch(ctx, together, idle)
		if err != nil && ctx.Err() == nil {
			l.complain(ctx, "the planner cannot read the room's log", err)
		}
		if err := l.goOn(ctx); err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		if err := l.insist(ctx, batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// insist repeats the planning of messages until it succeeds, holding them meanwhile, then
// settles them. It gives up only when ctx ends, it is somebody else's turn, or another node may
// hold the key that is missing here; then they come back to somebody.
func (l *lane) insist(ctx context.Context, batch []stream.Received) error {
	stop := keep(batch, l.log.AckWait()/3)
	defer stop()
	for began := time.Now(); ; {
		err := l.plan(ctx, batch)
		if err == nil {
			break
		}
		if ctx.Err() != nil || errors.Is(err, stream.ErrFenced) {
			return err
		}
		if errors.Is(err, vault.ErrUnknownKey) && time.Since(began) > keyPatience {
			return err
		}
		l.complain(ctx, "planning waits", err)
	}
	crash.Point("after-planning")
	for _, m := range batch {
		if err := l.put(ctx, m); err != nil {
			l.logger.Warn("planned messages could not be settled; they will come again", "lane", string(l.name), "error", err)
		}
	}
	return nil
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
				if m.Working() != nil {
					break // the next tick tries again
				}
			}
		}
	}()
	return cancel
}

func (l *lane) complain(ctx context.Context, what string, err error) {
	level, wait := slog.LevelWarn, pauseAfterFault
	switch {
	case errors.Is(err, stream.ErrUnavailable):
		wait = pauseAtSilence
	case !errors.Is(err, stream.ErrFull):
		level = slog.LevelError
	}
	if l.said.level != level || time.Since(l.said.at) > complainEvery {
		l.said = complaint{level, time.Now()}
		l.logger.Log(ctx, level, what, "lane", string(l.name), "error", err)
	}
	pause(ctx, wait)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// plan makes jobs of messages in their order: those that fit one page together, the others page
// by page.
func (l *lane) plan(ctx context.Context, batch []stream.Received) error {
	s := l.step()
	small := audience{log: l.log, known: map[rooms.Room][]rooms.Subscriber{}}
	for _, m := range batch {
		if l.isAside(m.UMID) {
			continue // it came again
		}
		page, fits, err := planned{}, false, error(nil)
		if l.control(m.UMID).Runs() {
			page, fits, err = l.onePage(ctx, small, m.Message)
		}
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

func (l *lane) step() step {
	return step{log: l.log, audit: l.audit, turn: l.turn, held: l.held}
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
