package fanout

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	// ahead is how many pages are prepared while one is being stored.
	ahead = 2
	// recordEvery is how many pages are recorded together.
	recordEvery = 16
)

// errElsewhere says that somebody else has planned a page meanwhile; planning begins again behind it.
var errElsewhere = errors.New("fanout: a page was planned elsewhere")

// progress is how far the planning of a message has come.
type progress struct {
	pages      int
	recipients int
	covers     uint64 // position of the last subscriber on a page
	last       bool   // no page follows
}

// large makes jobs of a message page by page. A page and its mark are stored at once, so after an
// interruption planning goes on behind the last page that is there.
func (l *lane) large(ctx context.Context, m rooms.Message) error {
	s := l.step()
	s.events = []rooms.Event{accepted(m.Header)}
	done, err := l.resume(ctx, &s, m.Header)
	if err != nil {
		return err
	}
	if !done.last {
		if l.control(m.UMID).Runs() {
			err = l.pages(ctx, m, done, l.enqueuer(&s, &done))
		} else {
			err = errStopped
		}
		if errors.Is(err, errStopped) {
			return l.stopped(ctx, &s, m, done)
		}
		if err != nil {
			return err
		}
	}
	s.events = append(s.events, counted(m.Header, done.recipients))
	return s.record(ctx)
}

// resume finds the pages that have become jobs before, and says so again.
func (l *lane) resume(ctx context.Context, s *step, h rooms.Header) (done progress, err error) {
	for !done.last {
		m, ok, err := l.log.Mark(ctx, l.name, h.UMID, done.pages)
		if err != nil || !ok {
			return done, err
		}
		s.events = append(s.events, queued(h, done.pages, m))
		done.count(m)
	}
	return done, nil
}

func (p *progress) count(m stream.Mark) {
	p.pages++
	p.recipients += len(m.Recipients)
	p.covers, p.last = m.Sequence, m.Last
}

// pages prepares the pages that are left while those before them are being stored.
func (l *lane) pages(ctx context.Context, m rooms.Message, from progress, put func(context.Context, planned) error) error {
	group, ctx := errgroup.WithContext(ctx)
	ready := make(chan planned, ahead)
	group.Go(func() error {
		defer close(ready)
		hand := func(p planned) error {
			select {
			case ready <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if m.Direct {
			return l.namedPages(m, from, hand)
		}
		return l.subscribedPages(ctx, m, from, hand)
	})
	group.Go(func() error {
		for p := range ready {
			if err := put(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// enqueuer gives what stores a page with its mark, while the message goes on.
func (l *lane) enqueuer(s *step, done *progress) func(context.Context, planned) error {
	return func(ctx context.Context, p planned) error {
		if !l.control(p.message.UMID).Runs() {
			return errStopped
		}
		s.add(p)
		if err := s.enqueue(ctx); err != nil { // what came before is to be seen meanwhile
			return errors.Join(err, s.record(ctx))
		}
		if s.mark != p.pageJobs().Mark {
			return errElsewhere
		}
		done.count(s.mark)
		if done.pages%recordEvery == 0 {
			return s.record(ctx)
		}
		return nil
	}
}

// namedPages makes pages of the named recipients.
func (l *lane) namedPages(m rooms.Message, from progress, hand func(planned) error) error {
	to, err := l.open(m)
	if err != nil {
		return err
	}
	for n := from.pages; n*rooms.PageSize < m.Recipients; n++ {
		p := newPlanned(m, n)
		left := m.Recipients - n*rooms.PageSize
		p.last = left <= rooms.PageSize
		if err := l.named(&p, to, min(left, rooms.PageSize)); err != nil {
			return err
		}
		if err := hand(p); err != nil {
			return err
		}
	}
	return nil
}

// subscribedPages makes pages of those of the room's subscribers who are meant; it scans them once. A full page is handed
// on when the next subscriber comes, for only then it is known not to be the last.
func (l *lane) subscribedPages(ctx context.Context, m rooms.Message, from progress, hand func(planned) error) error {
	p := newPlanned(m, from.pages)
	to, err := l.target(m)
	if err != nil {
		return err
	}
	err = l.everybody(ctx, m.Room, from.covers, func(s rooms.Subscriber) error {
		if !to.takes(s) {
			return nil
		}
		if len(p.marks) == rooms.PageSize {
			if err := hand(p); err != nil {
				return err
			}
			p = newPlanned(m, p.number+1)
		}
		p.subscribed(s)
		p.covers = s.Sequence
		return nil
	})
	if err != nil {
		return err
	}
	l.report(m, to)
	p.last = true
	return hand(p)
}
