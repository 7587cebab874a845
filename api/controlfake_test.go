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

func (d deskFake) Resend(context.Context, rooms.UMID) (control.Resent, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.resent++
	return control.Resent{Requeued: 3, Left: 2, Unknown: 1}, d.err
}
