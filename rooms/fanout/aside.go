package fanout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Controls knows what was decided about messages, out of memory; the zero value if nothing was.
type Controls interface {
	Of(u rooms.UMID) rooms.Control
}

// errStopped says that a message is paused or cancelled.
var errStopped = errors.New("fanout: the message does not go on")

// asides are the messages of a lane whose planning was put off, each with its entries.
type asides struct {
	known map[rooms.UMID][]stream.Aside
	fresh bool // they are those of the log
}

func (p *Planner) control(u rooms.UMID) rooms.Control {
	if p.Controls == nil {
		return rooms.Control{}
	}
	return p.Controls.Of(u)
}

func (l *lane) isAside(u rooms.UMID) bool { return len(l.asides.known[u]) > 0 }

// lookAside learns which messages were put aside, trying until it succeeds.
func (l *lane) lookAside(ctx context.Context) error {
	for !l.asides.fresh {
		known, err := l.turn.Asides(ctx)
		if err == nil {
			l.asides = asides{known, true}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.complain(ctx, "the planner cannot read what was put aside", err)
	}
	return nil
}

// stopped does with the rest of a message what was decided: it is put aside, so that it holds up nobody, or never planned.
func (l *lane) stopped(ctx context.Context, s *step, m rooms.Message, done progress) error {
	switch c := l.control(m.UMID); {
	case c.State == rooms.ControlCancelled:
		put := func(ctx context.Context, p planned) error {
			s.add(p)
			return s.enqueue(ctx)
		}
		if err := abandon(ctx, m, &done, put); err != nil {
			return errors.Join(err, s.record(ctx))
		}
		s.events = append(s.events, counted(m.Header, done.recipients))
		return s.record(ctx)
	case c.Waits():
		if err := s.record(ctx); err != nil {
			return err
		}
		a := aside(m, done)
		if err := l.turn.SetAside(ctx, a); err != nil {
			return fmt.Errorf("fanout: put a message aside: %w", err)
		}
		l.asides.known[m.UMID] = append(l.asides.known[m.UMID], a)
		l.asides.fresh = false
		l.logger.Info("the planning of a message waits, since it is paused", "lane", string(l.name), "umid", string(m.UMID), "recipients", done.recipients)
		return nil
	}
	return l.large(ctx, m) // it goes on again
}

func aside(m rooms.Message, done progress) stream.Aside {
	return stream.Aside{UMID: m.UMID, Message: m.Sequence, Expires: m.ExpiresAt, Pages: done.pages, Recipients: done.recipients, Covers: done.covers, Last: done.last}
}

// abandon makes pages without jobs of the named recipients who are left, so that they are counted. Subscribers who stand on
// no page yet never were recipients.
func abandon(ctx context.Context, m rooms.Message, done *progress, put func(context.Context, planned) error) error {
	if !m.Direct {
		return nil
	}
	for n := done.pages; n*rooms.PageSize < m.Recipients; n++ {
		p := newPlanned(m, n)
		left := m.Recipients - n*rooms.PageSize
		p.last = left <= rooms.PageSize
		for range min(left, rooms.PageSize) {
			p.marks = append(p.marks, rooms.MarkCancelled)
		}
		if err := put(ctx, p); err != nil {
			return err
		}
		done.count(p.pageJobs().Mark)
	}
	return nil
}

// goOn plans what was put aside and goes on, or has expired: then its deliveries fail. A message that may be handed out again,
// since whoever put it aside died before it was settled, has to wait for that: it is known again only as long as it is aside.
func (l *lane) goOn(ctx context.Context) error {
	if err := l.lookAside(ctx); err != nil || len(l.asides.known) == 0 {
		return err
	}
	settled, err := l.turn.Settled(ctx)
	if err != nil {
		return nil // a moment later
	}
	for _, u := range slices.Sorted(maps.Keys(l.asides.known)) {
		entries := l.asides.known[u]
		latest := entries[len(entries)-1]
		if latest.Message > settled || l.control(u).Waits() && time.Now().Before(latest.Expires) {
			continue
		}
		l.asides.fresh = false
		err := l.rest(ctx, entries)
		if ctx.Err() != nil || errors.Is(err, stream.ErrFenced) {
			return err
		}
		if err != nil && !errors.Is(err, errStopped) {
			l.complain(ctx, "the planning of a message that goes on waits", err)
		}
	}
	return l.lookAside(ctx)
}

// rest plans the rest of a message that was put aside. Each page is stored with how far that is, and what was stored before
// an interruption is said again.
func (l *lane) rest(ctx context.Context, entries []stream.Aside) error {
	latest := entries[len(entries)-1]
	m, err := l.log.Message(ctx, latest.Message)
	if errors.Is(err, stream.ErrGone) || err == nil && m.UMID != latest.UMID {
		l.logger.Error("a message that was put aside is gone; the rest of it is planned no more", "umid", string(latest.UMID))
		return l.turn.DropAside(ctx, latest.UMID)
	}
	if err != nil {
		return err
	}
	s := l.step()
	for _, e := range entries[1:] {
		s.events = append(s.events, queued(m.Header, e.Pages-1, stream.Mark{Recipients: e.Marks}))
	}
	done := progress{latest.Pages, latest.Recipients, latest.Covers, latest.Last}
	put := l.putAside(&s, m, &done, latest)
	if !done.last {
		check := func(ctx context.Context, p planned) error {
			if c := l.control(m.UMID); c.State == rooms.ControlCancelled || c.Waits() && time.Now().Before(m.ExpiresAt) {
				return errStopped
			}
			return put(ctx, p)
		}
		err = errStopped
		if l.control(m.UMID).State != rooms.ControlCancelled {
			err = l.pages(ctx, m, done, check)
		}
		if errors.Is(err, errStopped) && l.control(m.UMID).State == rooms.ControlCancelled {
			err = abandon(ctx, m, new(done), put)
		}
		if err != nil {
			return errors.Join(err, s.record(ctx))
		}
	}
	s.events = append(s.events, counted(m.Header, done.recipients))
	if err := s.record(ctx); err != nil {
		return err
	}
	return l.turn.DropAside(ctx, m.UMID)
}

// putAside gives what stores a page of a message that was put aside.
func (l *lane) putAside(s *step, m rooms.Message, done *progress, latest stream.Aside) func(context.Context, planned) error {
	return func(ctx context.Context, p planned) error {
		if !l.held() {
			return fmt.Errorf("fanout: %w", stream.ErrFenced)
		}
		mark := p.pageJobs().Mark
		after := *done
		after.count(mark)
		next := aside(m, after)
		next.Marks = mark.Recipients
		if err := l.turn.EnqueueAside(ctx, p.jobs, latest, &next); err != nil {
			return fmt.Errorf("fanout: enqueue: %w", err)
		}
		latest, *done = next, after
		s.events = append(s.events, p.events(mark, false)...)
		if done.pages%recordEvery == 0 {
			return s.record(ctx)
		}
		return nil
	}
}

// put settles a message that was planned. One that was put aside must not come again after it has gone on, so it is certain
// to be settled.
func (l *lane) put(ctx context.Context, m stream.Received) error {
	if !l.isAside(m.UMID) {
		return m.Finish()
	}
	for {
		err := m.Done(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		l.complain(ctx, "a message that was put aside is not settled yet", err)
	}
}
