package publish

import (
	"context"
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Holder looks after messages that wait in the log.
type Holder interface {
	// Admit says whether one more of a client may wait; ErrFull if not. It is not asked of emergencies, nor of what takes another's place.
	Admit(ctx context.Context, from rooms.Client) error
	// Accepted hears of a message that waits, once it is durable. What it could not do is done later by itself.
	Accepted(ctx context.Context, m rooms.Message)
}

// ErrNever says that the policy allows no sending before the message expires.
var ErrNever = errors.New("the policy allows no sending any more")

// soon is what need not be waited for.
const soon = time.Second

// hold finds out whether a message waits: for its time, for a second person, or since it takes the place of another,
// which has to be seen to at the same time. When people may be written to binds no event: that one is for applications.
func (p *Publisher) hold(ctx context.Context, m *rooms.Message, r Request, policy rooms.Policy) error {
	now := m.ReceivedAt
	at := now
	if r.SendAt.After(now.Add(soon)) {
		at = r.SendAt.UTC().Truncate(time.Millisecond)
	}
	m.Alert, m.References, m.Exercise = r.Alert, r.References, r.Exercise
	series := !r.Repeat.IsZero()
	m.Awaits = m.Lane == rooms.Emergency && policy.Release == rooms.ReleaseTwoPerson
	if !m.AnyHour() && !series && !r.Event {
		next, ok := policy.Times.Next(at)
		if !ok || !r.ExpiresAt.IsZero() && !next.Before(r.ExpiresAt) {
			return ErrNever
		}
		at = next.UTC()
	}
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = policy.Deadline(at)
	}
	m.Held = at.After(now) || series || m.Awaits || m.References != ""
	if !m.Held {
		return nil
	}
	if at.After(now) {
		m.SendAt = at
	}
	if series {
		m.Series = m.UMID
	}
	if p.Holder == nil {
		return ErrUnavailable
	}
	if m.Lane == rooms.Emergency || m.References != "" {
		return nil // neither an emergency nor what takes another's place is refused since much waits
	}
	return p.Holder.Admit(ctx, m.Publisher)
}
