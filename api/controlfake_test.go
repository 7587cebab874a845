package api

import (
	"context"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
)

// deskFake decides whatever it is asked, unless the message was cancelled.
type deskFake struct{ *engine }

func (d deskFake) Of(u rooms.UMID) rooms.Control {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.decided[u]
}

func (d deskFake) decide(u rooms.UMID, s rooms.ControlState, by rooms.Client) (rooms.Control, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.decided[u]
	if was.State == rooms.ControlCancelled && s != was.State {
		return was, control.ErrCancelled
	}
	d.decided[u] = rooms.Control{UMID: u, State: s, By: by, At: noon(), Entry: was.Entry + 1}
	return d.decided[u], d.err
}

func (d deskFake) Pause(_ context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	return d.decide(u, rooms.ControlPaused, by)
}

func (d deskFake) Resume(_ context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	return d.decide(u, rooms.ControlRunning, by)
}

func (d deskFake) Cancel(_ context.Context, u rooms.UMID, by rooms.Client, _ rooms.Reason) (rooms.Control, error) {
	return d.decide(u, rooms.ControlCancelled, by)
}

func (d deskFake) Withdraw(_ context.Context, u rooms.UMID, by rooms.Client) (rooms.Control, error) {
	return d.decide(u, rooms.ControlCancelled, by)
}

func (d deskFake) Resend(context.Context, rooms.UMID, rooms.Client, rooms.FailedFilter) (control.Resent, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resent++
	return control.Resent{Requeued: 3, Left: 2, Unknown: 1}, d.err
}

func (d deskFake) DropFailed(context.Context, rooms.UMID, rooms.Client, rooms.FailedFilter) (control.Dropped, error) {
	return control.Dropped{Dropped: 4, Left: 1}, d.err
}

func (d deskFake) ResendAll(_ context.Context, _ rooms.Client, s control.Sweep) (control.Swept, error) {
	return d.sweep(s)
}

func (d deskFake) DropAll(_ context.Context, _ rooms.Client, s control.Sweep) (control.Swept, error) {
	return d.sweep(s)
}

// sweep remembers what was asked for.
func (d deskFake) sweep(s control.Sweep) (control.Swept, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.swept = append(d.swept, s)
	return control.Swept{Messages: 2, Deliveries: 5, Unknown: 1, Skipped: 1, Next: umid}, d.err
}
