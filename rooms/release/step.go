package release

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/crash"
)

// step does with an entry that waits what is to be done now.
func (r *Releaser) step(ctx context.Context, m rooms.Message, known Known) error {
	switch {
	case known.Waits && known.Sequence > m.Sequence: // another entry has taken its place
		return r.Log.Erase(ctx, m.Sequence)
	case !known.Waits && !known.Sent && known.Control.State == rooms.ControlCancelled:
		return r.end(ctx, m, known.Control)
	case !known.Waits:
		return r.gone(ctx, m)
	}
	if stands, err := r.Rooms.Stands(ctx, m.Header); err != nil || !stands {
		return r.unless(err, func() error { return r.cancel(ctx, m, "", rooms.NoReason) })
	}
	control, err := r.Controls.Read(ctx, m.UMID)
	if err != nil {
		return err
	}
	if control.State == rooms.ControlCancelled {
		return r.end(ctx, m, control)
	}
	return r.wait(ctx, m, control)
}

func (r *Releaser) unless(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

// wait sends a message that nothing stands against, or has it looked at again.
func (r *Releaser) wait(ctx context.Context, m rooms.Message, control rooms.Control) error {
	now := r.now()
	expired := !now.Before(m.ExpiresAt)
	switch {
	case expired && (m.Awaits || !m.IsSeries()):
		return r.cancel(ctx, m, "", rooms.Expired)
	case m.Awaits:
		return r.wake(ctx, m, m.ExpiresAt)
	case m.IsSeries():
		return r.series(ctx, m, control, now)
	case now.Before(m.SendAt):
		return r.wake(ctx, m, m.SendAt)
	case !control.Runs():
		return r.wake(ctx, m, now.Add(r.Options.Again))
	}
	return r.send(ctx, m)
}

func (r *Releaser) wake(ctx context.Context, m rooms.Message, at time.Time) error {
	return r.Log.WakeAt(ctx, rooms.Wake{UMID: m.UMID, Room: m.Room, Sequence: m.Sequence}, at)
}

// send appends the message where it is read.
func (r *Releaser) send(ctx context.Context, m rooms.Message) error {
	envelope, err := m.Open(r.Vault)
	if err != nil {
		return err
	}
	from, may, err := r.Publishers.May(ctx, m.Header, envelope.From)
	if err != nil || !may {
		return r.unless(err, func() error { return r.cancel(ctx, m, "", rooms.Cancelled) })
	}
	envelope.From = from
	out := rooms.Message{Header: m.Header, ID: "release." + string(m.UMID)}
	out.Held, out.Sequence = false, 0
	if m.ReleasedBy != "" && m.SendAt.IsZero() {
		out.SendAt = r.now()
	}
	if err := out.Enclose(r.Vault, envelope); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, _, err := r.Log.Append(ctx, out); err != nil {
		return err
	}
	crash.Point("release-appended")
	return r.gone(ctx, m)
}

// gone finishes an entry whose message has been sent.
func (r *Releaser) gone(ctx context.Context, m rooms.Message) error {
	if err := r.supersede(ctx, m.Header); err != nil {
		return err
	}
	now := r.now()
	if err := r.Log.Record(ctx, rooms.Event{Kind: rooms.EventReleased, Room: m.Room, UMID: m.UMID, At: now}); err != nil {
		return err
	}
	crash.Point("release-recorded")
	if err := r.note(ctx, m.Header, m.ReleasedBy, "released"); err != nil {
		return err
	}
	return r.Log.Erase(ctx, m.Sequence)
}

// supersede has the unsent rest of an earlier message end, whose place this one takes.
func (r *Releaser) supersede(ctx context.Context, h rooms.Header) error {
	if h.References == "" {
		return nil
	}
	if _, err := r.decide(ctx, rooms.Control{UMID: h.References, Room: h.Room, State: rooms.ControlCancelled, By: h.Publisher, Reason: rooms.Superseded}); err != nil {
		return err
	}
	return r.lookFor(ctx, h.References)
}

// cancel ends a message that waits.
func (r *Releaser) cancel(ctx context.Context, m rooms.Message, by rooms.Client, why rooms.Reason) error {
	control, err := r.decide(ctx, rooms.Control{UMID: m.UMID, Room: m.Room, State: rooms.ControlCancelled, By: by, Reason: why})
	if err != nil {
		return err
	}
	return r.end(ctx, m, control)
}

// tries is how often a decision is taken when others decide at the same time.
const tries = 3

// decide stores a decision, unless the message was cancelled before. It is recorded too.
func (r *Releaser) decide(ctx context.Context, wanted rooms.Control) (control rooms.Control, err error) {
	for range tries {
		control, err = r.Controls.Read(ctx, wanted.UMID)
		if err != nil {
			return control, err
		}
		if control.State == rooms.ControlCancelled {
			break
		}
		wanted.Entry = control.Entry
		if control, err = r.Controls.Put(ctx, wanted); err == nil {
			break
		}
	}
	if err != nil {
		return control, err
	}
	crash.Point("release-decided")
	return control, r.Log.Record(ctx, rooms.Event{Kind: rooms.EventCancelled, Room: wanted.Room, UMID: wanted.UMID, At: control.At, Control: control})
}

// end erases the entry of a message that never goes. That it was there, and how it ended, is recorded before.
func (r *Releaser) end(ctx context.Context, m rooms.Message, control rooms.Control) error {
	if err := r.scheduled(ctx, m); err != nil {
		return err
	}
	now := r.now()
	cancelled := rooms.Event{Kind: rooms.EventCancelled, Room: m.Room, UMID: m.UMID, At: control.At, Control: control}
	if err := r.Log.Record(ctx, cancelled); err != nil {
		return err
	}
	if err := r.note(ctx, m.Header, control.By, "withdrawn"); err != nil {
		return err
	}
	if err := r.Log.Erase(ctx, m.Sequence); err != nil {
		return err
	}
	crash.Point("release-erased")
	return r.Log.Record(ctx, rooms.Event{Kind: rooms.EventErased, Room: m.Room, UMID: m.UMID, At: now})
}

// note keeps in the audit log what became of a message.
func (r *Releaser) note(ctx context.Context, h rooms.Header, by rooms.Client, action string) error {
	source := string(by)
	if source == "" {
		source = "release"
	}
	return r.Audit.Record(ctx, audit.Entry{
		Time: r.now(), Source: source, Destination: "room " + string(h.Room), Status: audit.Success,
		IDs:  map[string]string{"room": string(h.Room), "umid": string(h.UMID)},
		Data: map[string]string{"action": action, "lane": string(h.Lane), "type": string(h.Type)},
	})
}
