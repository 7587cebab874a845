package release

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/release/recur"
)

// series makes the message of the latest time that is past, if nobody has, and looks again at the next.
func (r *Releaser) series(ctx context.Context, m rooms.Message, control rooms.Control, now time.Time) error {
	envelope, err := m.Open(r.Vault)
	if err != nil {
		return err
	}
	rule, err := recur.Parse(envelope.Repeat)
	if err != nil {
		return err
	}
	policy, err := r.Policies.Policy(ctx, m.Policy)
	if err != nil {
		return err
	}
	s := series{Message: m, envelope: envelope, rule: rule, policy: policy}
	next, more := s.next(now)
	if at, moment, ok := s.latest(control, now); ok {
		if moment.After(now) { // it waits for the end of quiet hours
			next, more = earlier(moment, next, more), true
		} else if control.Runs() {
			from, may, err := r.Publishers.May(ctx, m.Header, envelope.From)
			if err != nil || !may {
				return r.unless(err, func() error { return r.cancel(ctx, m, "", rooms.Cancelled) })
			}
			s.envelope.From = from
			if err := r.occur(ctx, s, at, moment); err != nil {
				return err
			}
		}
	}
	if !more {
		return r.over(ctx, m)
	}
	event := rooms.Event{Kind: rooms.EventScheduled, Room: m.Room, UMID: m.UMID, At: now, RetryAt: next}
	if err := r.Log.Record(ctx, event); err != nil {
		return err
	}
	return r.wake(ctx, m, next)
}

func earlier(a, b time.Time, there bool) time.Time {
	if there && b.Before(a) {
		return b
	}
	return a
}

// series is a message that is repeated.
type series struct {
	rooms.Message
	envelope rooms.Envelope
	rule     recur.Rule
	policy   rooms.Policy
}

// begin is the moment before the first time.
func (s series) begin() time.Time { return s.SendAt.Add(-time.Nanosecond) }

// next is when the series is to be looked at after a moment; false if it is over.
func (s series) next(now time.Time) (time.Time, bool) {
	after := now
	if b := s.begin(); b.After(after) {
		after = b
	}
	at, ok := s.rule.Next(after)
	if !ok {
		return at, false
	}
	return s.allowed(at)
}

// latest is the last time that is past, and the moment from which on its message may go. Left out is what would have
// expired, and what was before the series was resumed.
func (s series) latest(control rooms.Control, now time.Time) (at, moment time.Time, ok bool) {
	after := s.begin()
	for _, bound := range []time.Time{now.Add(-s.policy.Expiry), control.At} {
		if bound.After(after) {
			after = bound
		}
	}
	if at, ok = s.rule.Latest(after, now); !ok {
		return at, at, false
	}
	moment, ok = s.allowed(at)
	return at, moment, ok
}

// allowed is the earliest moment at which the policy lets a message of a time go.
func (s series) allowed(at time.Time) (time.Time, bool) {
	if s.Lane == rooms.Emergency {
		return at, true
	}
	moment, ok := s.policy.Times.Next(at)
	return moment.UTC(), ok
}

// Occurrence is the identity of the message of a series at one of its times: whoever makes it gives it the same.
func Occurrence(series rooms.UMID, at time.Time) rooms.UMID {
	sum := sha256.Sum256([]byte(string(series) + " " + strconv.FormatInt(at.UnixMilli(), 10)))
	var id ulid.ULID
	if id.SetTime(uint64(max(at.UnixMilli(), 0))) != nil || id.SetEntropy(sum[:10]) != nil {
		return series // of a time after the year 10000, which the horizon leaves out
	}
	return rooms.UMID(id.String())
}

// occur makes the message of one time, unless it was made.
func (r *Releaser) occur(ctx context.Context, s series, at, moment time.Time) error {
	u := Occurrence(s.UMID, at)
	if _, made, err := r.known(ctx, u); err != nil || made {
		return err
	}
	out := rooms.Message{Header: s.Header, ID: "occurrence." + string(u)}
	out.UMID, out.Series, out.TxID, out.Held, out.Sequence = u, s.UMID, out.ID, false, 0
	out.ReceivedAt, out.SendAt, out.ExpiresAt = at, time.Time{}, s.policy.Deadline(moment)
	if moment.After(at) {
		out.SendAt = moment
	}
	envelope := s.envelope
	envelope.TransactionID += "/" + at.Format(time.RFC3339)
	envelope.Repeat = rooms.Repeat{}
	if err := out.Enclose(r.Vault, envelope); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.within(ctx, out.Header, s.policy.PolicyRules, func() error {
		if _, _, err := r.Log.Append(ctx, out); err != nil {
			return err
		}
		crash.Point("release-occurred")
		return nil
	})
}

// within makes a message if its publisher's quotas have room for it. A time for which they have none is left out.
func (r *Releaser) within(ctx context.Context, h rooms.Header, rules rooms.PolicyRules, do func() error) error {
	if r.Quotas == nil {
		return do()
	}
	_, err := r.Quotas.Take(ctx, h, rules)
	var over *rooms.QuotaError
	if errors.As(err, &over) {
		r.Logger.Warn("a time of a series is left out, since a quota is used up", "umid", string(h.Series), "client", string(h.Publisher), "limit", over.Limit)
		return nil
	}
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		r.Quotas.Give(h) // should it be in the log all the same, it is counted when it is read there
		return err
	}
	return nil
}

// over ends a series that has no further time.
func (r *Releaser) over(ctx context.Context, m rooms.Message) error {
	if err := r.gone(ctx, m); err != nil {
		return err
	}
	return r.Log.Record(ctx, rooms.Event{Kind: rooms.EventErased, Room: m.Room, UMID: m.UMID, At: r.now()})
}
