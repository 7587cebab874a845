package release

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/stream"
)

// The refusals.
var (
	// ErrNotAwaiting: no second person is waited for, or not any more.
	ErrNotAwaiting = errors.New("release: the message awaits nobody")
	// ErrOwn: the second person is the first.
	ErrOwn = errors.New("release: the message is one's own")
)

// Entries are those of the room's log.
type Entries interface {
	Append(ctx context.Context, m rooms.Message) (sequence uint64, known bool, err error)
	Message(ctx context.Context, sequence uint64) (rooms.Message, error)
	Erase(ctx context.Context, sequence uint64) error
}

// Waiting are the entries that wait.
type Waiting interface {
	CountHeld(ctx context.Context) (uint64, error)
	ScanHeld(ctx context.Context, from uint64, limit int, fn func(rooms.Message) error) (next uint64, err error)
	Unscheduled(ctx context.Context, umids []rooms.UMID) ([]rooms.UMID, error)
}

// Calendar has messages looked at in time, and keeps what has happened.
type Calendar interface {
	WakeAt(ctx context.Context, w rooms.Wake, at time.Time) error
	Wakes(ctx context.Context) (*stream.Wakes, error)
	Record(ctx context.Context, events ...rooms.Event) error
}

// Log is all of that.
type Log interface {
	Entries
	Waiting
	Calendar
}

// Known is what is known of a message.
type Known struct {
	rooms.Header      // of its latest entry
	Waits        bool // it has neither gone on nor come to an end
	Sent         bool // it has gone on
	Control      rooms.Control
}

// Memory is derived from the log.
type Memory interface {
	Wait(ctx context.Context) error // until it knows all that is in the log now
	Known(u rooms.UMID) (Known, bool, error)
	Waiting(c rooms.Client, most int) (int, error) // how many messages of a client wait, up to most
}

// Vault opens and seals.
type Vault interface {
	rooms.Sealer
	rooms.Unsealer
}

// Controls are what was decided about messages.
type Controls interface {
	Of(u rooms.UMID) rooms.Control
	Read(ctx context.Context, u rooms.UMID) (rooms.Control, error)
	Put(ctx context.Context, c rooms.Control) (rooms.Control, error)
}

// Rooms says whether the room that a message was accepted in is there.
type Rooms interface {
	Stands(ctx context.Context, h rooms.Header) (bool, error)
}

// Publishers say who may publish still.
type Publishers interface {
	// May says whether a message could be published now as it was then, and whom it is from by now. Where that cannot be
	// known it is an error, and the message goes later.
	May(ctx context.Context, h rooms.Header, from rooms.Sender) (sender rooms.Sender, may bool, err error)
}

// Quotas bound what a client publishes.
type Quotas interface {
	// Take counts a message that is about to be made, or refuses with a *rooms.QuotaError or rooms.ErrQuotaUnknown.
	Take(ctx context.Context, h rooms.Header, rules rooms.PolicyRules) (rooms.Allowance, error)
	// Give takes back what was taken for a message that was not made.
	Give(h rooms.Header)
}

// Policies gives the rules of a revision.
type Policies interface {
	Policy(ctx context.Context, r rooms.Revision) (rooms.Policy, error)
}

// Record is the audit log.
type Record interface {
	Record(ctx context.Context, entries ...audit.Entry) error
}

// Releaser looks after messages that wait.
type Releaser struct {
	Options    Options // complete
	Log        Log
	Memory     Memory
	Vault      Vault
	Controls   Controls
	Rooms      Rooms
	Publishers Publishers
	Policies   Policies
	Quotas     Quotas // of the messages of series; none if nil
	Audit      Record
	Logger     *slog.Logger
	Now        func() time.Time
}

func (r *Releaser) now() time.Time { return r.Now().UTC().Truncate(time.Millisecond) }

// Admit says whether one more message of a client may wait; stream.ErrFull if not.
func (r *Releaser) Admit(ctx context.Context, from rooms.Client) error {
	held, err := r.Log.CountHeld(ctx)
	if err != nil {
		return err
	}
	of, err := r.Memory.Waiting(from, r.Options.MaxPerClient)
	if err == nil && (held >= r.Options.MaxHeld || of >= r.Options.MaxPerClient) {
		return stream.ErrFull
	}
	return err
}

// Accepted has a message that waits be looked at in time; one whose time has come already goes. What fails is logged, and
// done by a later pass.
func (r *Releaser) Accepted(ctx context.Context, m rooms.Message) {
	err := r.scheduled(ctx, m)
	if err == nil {
		err = r.step(ctx, m, Known{Header: m.Header, Waits: true})
	}
	if err != nil {
		r.Logger.Warn("a message that waits is seen to later", "umid", string(m.UMID), "error", err)
	}
}

// scheduled records that a message waits: its identity is known from then on, whatever becomes of its entry.
func (r *Releaser) scheduled(ctx context.Context, m rooms.Message) error {
	h := m.Header
	return r.Log.Record(ctx, rooms.Event{Kind: rooms.EventScheduled, Room: h.Room, UMID: h.UMID, At: h.ReceivedAt, Message: &h})
}

// lookPatience bounds one look at a message.
const lookPatience = time.Minute

// Look does what is to be done with a message now that fell due.
func (r *Releaser) Look(ctx context.Context, w rooms.Wake) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	m, err := r.Log.Message(ctx, w.Sequence)
	switch {
	case errors.Is(err, stream.ErrGone), err == nil && (m.UMID != w.UMID || !m.Held):
		return r.lookFor(ctx, w.UMID)
	case err != nil:
		return err
	}
	return r.lookAt(ctx, m)
}

// lookFor does the same with a message whose entry is to be found; one that does not wait is left alone.
func (r *Releaser) lookFor(ctx context.Context, u rooms.UMID) error {
	known, ok, err := r.known(ctx, u)
	if err != nil || !ok {
		return err
	}
	m, err := r.Log.Message(ctx, known.Sequence)
	switch {
	case errors.Is(err, stream.ErrGone):
		return nil
	case err != nil:
		return err
	case m.UMID != u || !m.Held:
		return nil
	}
	return r.step(ctx, m, known)
}

// known asks the memory when it knows all of the log.
func (r *Releaser) known(ctx context.Context, u rooms.UMID) (Known, bool, error) {
	if err := r.Memory.Wait(ctx); err != nil {
		return Known{}, false, err
	}
	return r.Memory.Known(u)
}

// lookAt does what is to be done with an entry that waits, or has waited.
func (r *Releaser) lookAt(ctx context.Context, m rooms.Message) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	known, ok, err := r.known(ctx, m.UMID)
	if err != nil {
		return err
	}
	if !ok {
		known = Known{Header: m.Header, Waits: true}
	}
	return r.step(ctx, m, known)
}
