package release

import (
	"context"
	"errors"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/stream"
)

// Agree lets a message go that awaits a second person, who is not its author; at its time, if it has one. To agree twice
// is no error if it is the same person.
func (r *Releaser) Agree(ctx context.Context, u rooms.UMID, by rooms.Client) error {
	m, known, err := r.awaiting(ctx, u)
	switch {
	case known.ReleasedBy == by && by != "":
		return r.lookFor(ctx, u) // what was not done at the first time is
	case err != nil:
		return err
	case m.Publisher == by:
		return ErrOwn
	}
	agreed := m
	agreed.Awaits, agreed.ReleasedBy, agreed.ID = false, by, "agreed."+string(u)
	sequence, stood, err := r.Log.Append(ctx, agreed)
	if err != nil {
		return err
	}
	crash.Point("release-agreed")
	if stood { // somebody else agreed a moment ago
		return r.lookFor(ctx, u)
	}
	if err := r.note(ctx, m.Header, by, "agreed"); err != nil {
		return err
	}
	agreed.Sequence, agreed.ID = sequence, ""
	if err := r.wake(ctx, agreed, r.now()); err != nil { // before nothing but its old schedule leads to it
		return err
	}
	if err := r.Log.Erase(ctx, m.Sequence); err != nil {
		return err
	}
	return r.step(ctx, agreed, Known{Header: agreed.Header, Waits: true})
}

// Reject ends a message that awaits a second person.
func (r *Releaser) Reject(ctx context.Context, u rooms.UMID, by rooms.Client) error {
	m, _, err := r.awaiting(ctx, u)
	if err != nil {
		return err
	}
	return r.cancel(ctx, m, by, rooms.NoReason)
}

// Content is what a message says that awaits a second person, as it was published: one JSON value.
func (r *Releaser) Content(ctx context.Context, u rooms.UMID) (content []byte, recipients int, err error) {
	m, _, err := r.awaiting(ctx, u)
	if err != nil {
		return nil, 0, err
	}
	envelope, err := m.Open(r.Vault)
	return envelope.Content, m.Recipients, err
}

// awaiting reads a message that awaits a second person.
func (r *Releaser) awaiting(ctx context.Context, u rooms.UMID) (rooms.Message, Known, error) {
	known, ok, err := r.known(ctx, u)
	if err != nil {
		return rooms.Message{}, known, err
	}
	if !ok || !known.Waits || !known.Awaits || !r.now().Before(known.ExpiresAt) {
		return rooms.Message{}, known, ErrNotAwaiting
	}
	control, err := r.Controls.Read(ctx, u)
	if err != nil {
		return rooms.Message{}, known, err
	}
	m, err := r.Log.Message(ctx, known.Sequence)
	if errors.Is(err, stream.ErrGone) || err == nil && (control.State == rooms.ControlCancelled || !m.Awaits || m.UMID != u) {
		err = ErrNotAwaiting
	}
	return m, known, err
}
