package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Desk takes decisions.
type Desk struct {
	Controls Controls
	Index    Index
	Log      Log
	Policies Policies
	Vault    Vault
	Now      func() time.Time // time.Now if nil
}

func (d *Desk) now() time.Time {
	if d.Now != nil {
		return d.Now().UTC()
	}
	return time.Now().UTC()
}

// Pause has deliveries of a message wait.
func (d *Desk) Pause(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	return d.decide(ctx, u, rooms.Control{State: rooms.ControlPaused, By: by})
}

// Resume has them go on.
func (d *Desk) Resume(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	return d.decide(ctx, u, rooms.Control{State: rooms.ControlRunning, By: by})
}

// Cancel ends them for good. The reason is why they fail; empty: since they were cancelled.
func (d *Desk) Cancel(ctx context.Context, u rooms.UMID, by rooms.Client, why rooms.Reason) (rooms.Control, error) {
	return d.decide(ctx, u, rooms.Control{State: rooms.ControlCancelled, By: by, Reason: why})
}

// Withdraw cancels a message even if nothing of it is left to be delivered: applications may not have read it yet.
func (d *Desk) Withdraw(ctx context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	c, err := d.Cancel(ctx, u, by, rooms.NoReason)
	if !errors.Is(err, ErrFinished) {
		return c, err
	}
	return d.store(ctx, u, rooms.Control{State: rooms.ControlCancelled, By: by}, func(Standing, rooms.Control) error { return nil })
}

// Hold has them wait since too many have failed.
func (d *Desk) Hold(ctx context.Context, u rooms.UMID) (rooms.Control, error) {
	return d.decide(ctx, u, rooms.Control{State: rooms.ControlHeld, Reason: rooms.TooManyFail})
}

// Latest is the decision that counts, of what is known by two ways.
func Latest(a, b rooms.Control) rooms.Control {
	if b.Entry > a.Entry {
		return b
	}
	return a
}

// decide stores a decision and records it, unless it stands already or may not be taken.
func (d *Desk) decide(ctx context.Context, u rooms.UMID, wanted rooms.Control) (rooms.Control, error) {
	return d.store(ctx, u, wanted, allowed)
}

func (d *Desk) store(ctx context.Context, u rooms.UMID, wanted rooms.Control, allowed func(Standing, rooms.Control) error) (rooms.Control, error) {
	for {
		m, err := d.Index.Standing(u)
		if err != nil {
			return wanted, err
		}
		stored, err := d.Controls.Read(ctx, u)
		if err != nil {
			return wanted, err
		}
		latest := Latest(m.Control, stored)
		if stands(latest, wanted) {
			latest.UMID = u
			return latest, d.repair(ctx, m, latest)
		}
		if err := allowed(m, latest); err != nil {
			return latest, err
		}
		c := wanted
		c.UMID, c.Room, c.Failed, c.Entry = u, m.Room, m.Wrong, stored.Entry
		c, err = d.Controls.Put(ctx, c)
		if errors.Is(err, stream.ErrRevision) && ctx.Err() == nil {
			continue // somebody else has decided meanwhile
		}
		if err != nil {
			return c, err
		}
		return c, d.record(ctx, c)
	}
}

// stands says that what is wanted was decided already. Crier does not hold what a person has paused.
func stands(latest, wanted rooms.Control) bool {
	switch wanted.State {
	case rooms.ControlRunning:
		return latest.Runs()
	case rooms.ControlHeld:
		return latest.Waits() || latest.State == rooms.ControlCancelled
	}
	return latest.State == wanted.State
}

func allowed(m Standing, latest rooms.Control) error {
	switch {
	case latest.State == rooms.ControlCancelled:
		return ErrCancelled
	case m.Finished:
		return ErrFinished
	}
	return nil
}

// repair records a decision whose record was interrupted.
func (d *Desk) repair(ctx context.Context, m Standing, c rooms.Control) error {
	if c.Entry <= m.Control.Entry {
		return nil
	}
	return d.record(ctx, c)
}

func (d *Desk) record(ctx context.Context, c rooms.Control) error {
	if err := d.Log.Record(ctx, c.Event()); err != nil {
		return fmt.Errorf("control: record a decision: %w", err)
	}
	return nil
}
