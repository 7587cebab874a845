// Package retention erases the bodies of messages that are done with.
//
// It promises that a body is overwritten on disk once every delivery of its message has reached
// its last state, every durable consumer that it is for has acknowledged it, the policy under which
// the message was accepted does not keep it, nor the room if the policy leaves it to that, it is no alert that is in force, and the
// log no longer needs the body to recognise a repeat; and that this is recorded. A consumer that is made
// while a body is being erased may come too late for it. Where deliveries have failed that can be
// tried anew, the body is kept for a while longer. Doing it twice is dull. A body that is never done with
// goes with the room's log, at its end of life.
package retention

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Log is where bodies stand.
type Log interface {
	Erase(ctx context.Context, sequence uint64) error
	Record(ctx context.Context, events ...rooms.Event) error
}

// Finder lists messages whose deliveries have all reached their last state and whose body is
// still there, in the order of their UMIDs from after one on; those of which some deliveries can be tried anew only
// if they have finished before a time of their own.
type Finder interface {
	ErasableAfter(after rooms.UMID, before, failedBefore time.Time, limit int) ([]rooms.Header, error)
}

// Rooms tells which rooms keep the history of their messages.
type Rooms interface {
	Get(ctx context.Context, room rooms.Room) (rooms.RoomConfig, error)
}

// Policies tells the rules of a revision that messages were accepted under.
type Policies interface {
	Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error)
}

// Readers tells of the durable consumers of a room how far they are. To be behind is to keep bodies.
type Readers interface {
	Readings(ctx context.Context, room rooms.Room) ([]rooms.Consumer, error)
}

// Options say when and how often.
type Options struct {
	// Every is the time between two passes, 1 minute by default.
	Every time.Duration `yaml:"every"`
	// Settle is how long after acceptance a body is kept at least. It must exceed the log's
	// Duplicates window by 5 minutes, since within it a repeat is recognised by the stored
	// entry; 15 minutes by default.
	Settle time.Duration `yaml:"settle"`
	// Resend is how long after a message has finished its failed deliveries can be tried anew, for
	// which its body is kept; 24 hours by default.
	Resend time.Duration `yaml:"resend"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	if o.Every == 0 {
		o.Every = time.Minute
	}
	if o.Settle == 0 {
		o.Settle = 15 * time.Minute
	}
	if o.Resend == 0 {
		o.Resend = 24 * time.Hour
	}
	return o
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	if o.Every < time.Second {
		faults = append(faults, errors.New("every: at least 1s"))
	}
	if o.Settle < time.Minute {
		faults = append(faults, errors.New("settle: at least 1m"))
	}
	if o.Resend < time.Second {
		faults = append(faults, errors.New("resend: at least 1s"))
	}
	return faults
}

// batch is how many messages are looked up at once.
const batch = 256

// Eraser erases bodies.
type Eraser struct {
	Log      Log
	Finder   Finder
	Rooms    Rooms
	Policies Policies // nil: each room has its way
	Readers  Readers
	Logger   *slog.Logger
	Now      func() time.Time // time.Now if nil
}

// Run makes a pass now and then until ctx ends.
func (e Eraser) Run(ctx context.Context, o Options) error {
	o = o.WithDefaults()
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for {
		if err := e.Pass(ctx, e.now().Add(-o.Settle), e.now().Add(-o.Resend)); err != nil && ctx.Err() == nil {
			e.Logger.Warn("bodies wait to be erased", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (e Eraser) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// Pass erases what was received before a time and is done with, and where something has failed, was so before another time.
func (e Eraser) Pass(ctx context.Context, before, failedBefore time.Time) error {
	var after rooms.UMID
	reading := readings{}
	for {
		headers, err := e.Finder.ErasableAfter(after, before, failedBefore, batch)
		if err != nil || len(headers) == 0 {
			return err
		}
		if err := e.erase(ctx, headers, reading); err != nil {
			return err
		}
		after = headers[len(headers)-1].UMID
	}
}

// readings are what a pass has asked of the rooms' consumers: of each room once.
type readings map[rooms.Room][]rooms.Consumer

// needed says whether a consumer has yet to acknowledge a message.
func (e Eraser) needed(ctx context.Context, h rooms.Header, known readings) (bool, error) {
	all, asked := known[h.Room]
	if !asked {
		var err error
		if all, err = e.Readers.Readings(ctx, h.Room); err != nil {
			return false, err
		}
		known[h.Room] = all
	}
	return slices.ContainsFunc(all, func(c rooms.Consumer) bool { return c.Needs(h) }), nil
}

// keeps says whether a body stays for its history's sake. One whose rules cannot be read stays until they can.
// An alert stays until it expires: as long as it is in force it is to be read.
func (e Eraser) keeps(ctx context.Context, h rooms.Header) bool {
	if h.IsAlert() && e.now().Before(h.ExpiresAt) {
		return true
	}
	if e.Policies != nil {
		p, err := e.Policies.Policy(ctx, h.Policy)
		if err != nil {
			e.Logger.Warn("a body stays, as its policy cannot be read", "umid", h.UMID, "policy", h.Policy.Name, "revision", h.Policy.Revision, "error", err)
			return true
		}
		if p.History != rooms.HistoryOfRoom {
			return p.History == rooms.HistoryKept
		}
	}
	c, err := e.Rooms.Get(ctx, h.Room)
	return err == nil && c.History
}

func (e Eraser) erase(ctx context.Context, headers []rooms.Header, known readings) error {
	var events []rooms.Event
	for _, h := range headers {
		if e.keeps(ctx, h) {
			continue
		}
		switch needed, err := e.needed(ctx, h, known); {
		case err != nil:
			return err
		case needed:
			continue
		}
		if err := e.Log.Erase(ctx, h.Sequence); err != nil {
			return err
		}
		events = append(events, rooms.Event{Kind: rooms.EventErased, Room: h.Room, UMID: h.UMID, At: e.now().UTC()})
	}
	if len(events) == 0 {
		return nil
	}
	return e.Log.Record(ctx, events...)
}
