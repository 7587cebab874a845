package release

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	atOnce = 64  // messages that are looked at at the same time
	page   = 500 // entries that one step of a pass looks at
	idle   = 5 * time.Second
	pause  = time.Second
)

// Run looks at messages as they fall due, until ctx ends. Every node does.
func (r *Releaser) Run(ctx context.Context) error {
	wakes, err := r.Log.Wakes(ctx)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		var looks sync.WaitGroup
		err := wakes.Fetch(ctx, atOnce, idle, func(w stream.Wake) {
			looks.Go(func() { r.due(ctx, w) })
		})
		looks.Wait()
		if err != nil && ctx.Err() == nil {
			r.Logger.Warn("messages that fall due cannot be read", "error", err)
			r.rest(ctx, pause)
		}
	}
	return ctx.Err()
}

func (r *Releaser) rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// due looks at a message that fell due; what fails comes again.
func (r *Releaser) due(ctx context.Context, w stream.Wake) {
	err := r.Look(ctx, w.Wake)
	if err == nil {
		err = w.Done(ctx)
	} else {
		_ = w.Later(r.Options.Again) // without it, AckWait does the same
	}
	if err != nil && ctx.Err() == nil {
		r.Logger.Warn("a message that fell due is looked at again", "umid", string(w.UMID), "error", err)
	}
}

// RunSweep makes a pass now and then, until ctx ends. One node does.
func (r *Releaser) RunSweep(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			r.Logger.Warn("not all messages that wait could be looked at", "error", err)
		}
		r.rest(ctx, r.Options.Sweep)
	}
	return ctx.Err()
}

// Sweep looks at every entry that waits and that nobody would look at otherwise: its schedule was lost or never made, it
// was cancelled, or another entry has taken its place.
func (r *Releaser) Sweep(ctx context.Context) error {
	var failed error
	seen := map[rooms.UMID]rooms.Message{}
	for from := uint64(1); from > 0; {
		var entries []rooms.Message
		next, err := r.Log.ScanHeld(ctx, from, page, func(m rooms.Message) error {
			entries = append(entries, m)
			return nil
		})
		if err != nil {
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, r.sweep(ctx, entries, seen))
		from = next
	}
	return failed
}

func (r *Releaser) sweep(ctx context.Context, entries []rooms.Message, seen map[rooms.UMID]rooms.Message) error {
	if len(entries) == 0 {
		return nil
	}
	umids := make([]rooms.UMID, len(entries))
	for i, m := range entries {
		umids[i] = m.UMID
	}
	missing, err := r.Log.Unscheduled(ctx, umids)
	if err != nil {
		return err
	}
	lost := map[rooms.UMID]bool{}
	for _, u := range missing {
		lost[u] = true
	}
	var looks errgroup.Group
	looks.SetLimit(atOnce)
	for _, m := range entries {
		before, twice := seen[m.UMID]
		seen[m.UMID] = rooms.Message{Header: m.Header}
		switch {
		case twice:
			looks.Go(func() error { return errors.Join(r.lookAt(ctx, before), r.recover(ctx, m)) })
		case lost[m.UMID]:
			looks.Go(func() error { return r.recover(ctx, m) })
		case r.Controls.Of(m.UMID).State == rooms.ControlCancelled:
			looks.Go(func() error { return r.lookAt(ctx, m) })
		}
	}
	return looks.Wait()
}

// recover looks at an entry of which nobody may have taken note yet.
func (r *Releaser) recover(ctx context.Context, m rooms.Message) error {
	if err := r.scheduled(ctx, m); err != nil {
		return err
	}
	return r.lookAt(ctx, m)
}
