package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// never, as a TTL, keeps an entry beyond the age of its stream (NATS ADR-43).
const never = "never"

// encodeWaiting writes the headers of a message that waits or has waited, or that speaks of another, and gives its
// subject.
func encodeWaiting(h nats.Header, m rooms.Message) (subject string) {
	set := func(name, value string) {
		if value != "" {
			h[name] = []string{value}
		}
	}
	flag := func(name string, is bool) {
		if is {
			h[name] = []string{"1"}
		}
	}
	if !m.SendAt.IsZero() {
		set(headerSendAt, m.SendAt.UTC().Format(timeFormat))
	}
	set(headerSeries, string(m.Series))
	set(headerAlert, string(m.Alert))
	set(headerReferences, string(m.References))
	set(headerReleasedBy, string(m.ReleasedBy))
	flag(headerExercise, m.Exercise)
	if m.ID != "" {
		h[jetstream.MsgIDHeader] = []string{m.ID}
		set(headerTx, m.TxID)
	}
	if !m.Held {
		return rooms.MessageSubject(m.Direct, m.Room, m.Lane, m.Type)
	}
	flag(headerAwaits, m.Awaits)
	set(headerTTL, never)
	return rooms.HeldSubject(m.Room, m.Lane, m.Type)
}

// decodeWaiting reads what encodeWaiting wrote.
func decodeWaiting(subject string, h nats.Header, out *rooms.Header) error {
	var errs []error
	var err error
	if out.Room, out.Lane, out.Type, err = rooms.ParseHeldSubject(subject); err == nil {
		out.Held, out.Awaits, out.Direct = true, h.Get(headerAwaits) == "1", h.Get(headerRecipients) != ""
	} else {
		out.Direct, out.Room, out.Lane, out.Type, err = rooms.ParseMessageSubject(subject)
		errs = append(errs, err)
	}
	umid := func(name string, to *rooms.UMID) {
		if s := h.Get(name); s != "" {
			*to, err = rooms.ParseUMID(s)
			errs = append(errs, err)
		}
	}
	umid(headerSeries, &out.Series)
	umid(headerReferences, &out.References)
	if s := h.Get(headerSendAt); s != "" {
		out.SendAt, err = time.Parse(timeFormat, s)
		errs = append(errs, err)
	}
	if s := h.Get(headerAlert); s != "" {
		out.Alert, err = rooms.ParseAlert(s)
		errs = append(errs, err)
	}
	out.ReleasedBy = rooms.Client(h.Get(headerReleasedBy))
	out.Exercise = h.Get(headerExercise) == "1"
	out.TxID = cmp.Or(h.Get(headerTx), out.TxID)
	return errors.Join(errs...)
}

// ScanHeld calls fn with the messages that wait, from a position in the room's log on, at most limit. next is where to go
// on; 0 at the end. Those that cannot be read are reported and left out.
func (l *Log) ScanHeld(ctx context.Context, from uint64, limit int, fn func(rooms.Message) error) (next uint64, err error) {
	next = from
	count, err := l.walk(ctx, streamRooms, rooms.HeldFilter, from, limit, func(s stored) error {
		next = s.sequence + 1
		m, err := decodeMessage(s.subject, s.sequence, s.header, s.data)
		if err != nil {
			l.options.Log.Error("a message that waits cannot be read; it is left out", "sequence", s.sequence, "error", err)
			return nil
		}
		return fn(m)
	})
	if err != nil || count < limit {
		return 0, err
	}
	return next, nil
}

// CountHeld is how many messages wait.
func (l *Log) CountHeld(ctx context.Context) (count uint64, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		s, err := l.read.Stream(ctx, streamRooms)
		if err != nil {
			return err
		}
		info, err := s.Info(ctx, jetstream.WithSubjectFilter(rooms.HeldFilter))
		if err != nil {
			return err
		}
		count = 0
		for _, n := range info.State.Subjects {
			count += n
		}
		return nil
	})
	return count, err
}

// WakeAt has a message that waits be looked at, at a time; another time takes the place of the one before. ErrFull above
// Options.MaxParked.
func (l *Log) WakeAt(ctx context.Context, w rooms.Wake, at time.Time) error {
	if parked, err := l.parked.Get(ctx); err == nil && parked >= l.options.MaxParked {
		return ErrFull
	}
	data, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("stream: encode a wake: %w", err)
	}
	m := &nats.Msg{Subject: rooms.WakeSchedule(w.UMID), Data: data, Header: nats.Header{
		headerSchedule:         {"@at " + at.UTC().Format(time.RFC3339Nano)},
		"Nats-Schedule-Target": {rooms.WakeSubject},
	}}
	return l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, []*nats.Msg{m}) })
}

// Unscheduled gives those of at most 500 messages that nobody will look at, at any time.
func (l *Log) Unscheduled(ctx context.Context, umids []rooms.UMID) ([]rooms.UMID, error) {
	subjects := make([]string, len(umids))
	for i, u := range umids {
		subjects[i] = rooms.WakeSchedule(u)
	}
	found, err := l.lastOf(ctx, streamSchedules, subjects, rooms.ScheduleFilter)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, s := range found {
		there[s.subject] = true
	}
	var missing []rooms.UMID
	for i, u := range umids {
		if !there[subjects[i]] {
			missing = append(missing, u)
		}
	}
	return missing, nil
}

// Wakes hands out the messages that fall due, in order.
type Wakes struct {
	log *Log
	puller
}

// Wake is a message to be looked at.
type Wake struct {
	rooms.Wake
	*Held
}

// Wakes opens the consumer of messages that fall due.
func (l *Log) Wakes(ctx context.Context) (*Wakes, error) {
	p, err := l.puller(ctx, streamSchedules, wakeName)
	return &Wakes{l, p}, err
}

// Fetch calls fn with each that is due, at most max; if none is, it waits for one.
func (w *Wakes) Fetch(ctx context.Context, max int, wait time.Duration, fn func(Wake)) error {
	return w.take(ctx, max, wait, func(h *Held) error {
		var one rooms.Wake
		if err := json.Unmarshal(h.msg.Data(), &one); err != nil {
			w.log.options.Log.Error("an entry that is due cannot be read; it is dropped", "sequence", h.meta.Sequence.Stream, "error", err)
			return h.Done(ctx)
		}
		fn(Wake{one, h})
		return nil
	})
}
