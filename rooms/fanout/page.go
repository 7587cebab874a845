package fanout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// planned is a page with its jobs.
type planned struct {
	header rooms.Header
	jobs   stream.PageJobs
	lost   []rooms.Event // of recipients who cannot be reached because the message cannot be opened
	whole  bool          // the page is all of its message
}

// record is what is to be said of a page that was enqueued. A page that has its jobs from before
// has lost nobody since.
func (p planned) record(enqueued stream.PageJobs) []rooms.Event {
	if !bytes.Equal(p.jobs.Marks, enqueued.Marks) {
		p.lost = nil
	}
	p.jobs = enqueued
	var events []rooms.Event
	if p.whole {
		events = append(events, accepted(p.header))
	}
	events = append(events, p.queued())
	if p.whole && len(p.jobs.Marks) == 0 { // nobody to reach: said in so many words
		events = append(events, rooms.Event{Kind: rooms.EventPlanned, Room: p.header.Room, UMID: p.header.UMID, At: time.Now().UTC()})
	}
	return append(events, p.lost...)
}

// queued is the event that the page has become jobs. A page that is the whole message says how
// many recipients that are.
func (p planned) queued() rooms.Event {
	e := rooms.Event{Kind: rooms.EventQueued, Room: p.header.Room, UMID: p.header.UMID, At: time.Now().UTC(), Page: p.jobs.Page, Marks: string(p.jobs.Marks)}
	if p.whole {
		e.Recipients = len(p.jobs.Marks)
	}
	return e
}

func newPlanned(h rooms.Header, number int) planned {
	return planned{header: h, jobs: stream.PageJobs{UMID: h.UMID, Page: number}}
}

// add puts the next recipient on the page.
func (p *planned) add(ch rooms.Channel, owner string, contact []byte) {
	h := p.header
	p.jobs.Jobs = append(p.jobs.Jobs, rooms.Job{
		UMID: h.UMID, N: p.jobs.Page*rooms.PageSize + len(p.jobs.Marks), Room: h.Room, Sequence: h.Sequence, Lane: h.Lane,
		Channel: ch, Owner: owner, Contact: contact, Attempt: 1, Deadline: h.ExpiresAt, Policy: h.Policy,
	})
	p.jobs.Marks = append(p.jobs.Marks, rooms.Mark(ch))
}

// skip notes that the next recipient has left.
func (p *planned) skip() { p.jobs.Marks = append(p.jobs.Marks, rooms.MarkSuppressed) }

// audience reads the subscribers of rooms, those of a small room once for all messages of a step.
type audience struct {
	log   *stream.Log
	small map[rooms.Room][]rooms.Subscriber
}

// of gives a room's subscribers if they fit one page.
func (a *audience) of(ctx context.Context, room rooms.Room) (subs []rooms.Subscriber, fits bool, err error) {
	if subs, ok := a.small[room]; ok {
		return subs, true, nil
	}
	subs, err = a.log.Subscribers(ctx, room, 0, rooms.PageSize+1)
	if err != nil || len(subs) > rooms.PageSize {
		return nil, false, err
	}
	a.small[room] = subs
	return subs, true, nil
}

// onePage makes the jobs of a message that fits one page.
func (l *lane) onePage(ctx context.Context, readers *audience, m rooms.Message) (planned, bool, error) {
	if m.Direct {
		if m.Recipients > rooms.PageSize {
			return planned{}, false, nil
		}
		p, err := l.named(m, 0, m.Recipients)
		return p, true, err
	}
	subs, fits, err := readers.of(ctx, m.Room)
	if err != nil || !fits {
		return planned{}, false, err
	}
	p := newPlanned(m.Header, 0)
	for _, s := range subs {
		p.add(s.Channel, string(s.ID), s.Contact)
	}
	return p, true, nil
}

// named makes the jobs of count named recipients, from the first of a page on.
func (l *lane) named(m rooms.Message, number, count int) (planned, error) {
	p := newPlanned(m.Header, number)
	envelope, err := l.open(m)
	first := number * rooms.PageSize
	if err != nil || first+count > len(envelope.Recipients) {
		l.logger.Error("a message cannot be opened; its deliveries are given up", "umid", string(m.UMID), "error", err)
		p.giveUp(count)
		return p, nil
	}
	for i, c := range envelope.Recipients[first : first+count] {
		owner := fmt.Sprintf("%s.%d", m.UMID, first+i)
		sealed, err := l.vault.Seal(c.Encode(), "contact", string(m.Room), owner)
		if err != nil {
			return p, fmt.Errorf("fanout: seal a contact: %w", err)
		}
		p.add(c.Channel, owner, sealed)
	}
	return p, nil
}

func (l *lane) open(m rooms.Message) (rooms.Envelope, error) {
	plain, err := l.vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
	if err != nil {
		return rooms.Envelope{}, err
	}
	return rooms.DecodeEnvelope(plain)
}

// giveUp records that recipients cannot be reached.
func (p *planned) giveUp(count int) {
	for range count {
		p.lost = append(p.lost, rooms.Event{
			Kind: rooms.EventFailed, Room: p.header.Room, UMID: p.header.UMID, At: time.Now().UTC(),
			N: p.jobs.Page*rooms.PageSize + len(p.jobs.Marks), Attempt: 1, Reason: rooms.Gone,
		})
		p.skip()
	}
}

// prepare makes the jobs of a page that was cut before.
func (l *lane) prepare(ctx context.Context, page rooms.Page) (planned, error) {
	if !page.Header.Direct {
		return l.subscribed(ctx, page)
	}
	m, err := l.log.Message(ctx, page.Header.Sequence)
	if errors.Is(err, stream.ErrGone) {
		p := newPlanned(page.Header, page.Number)
		p.giveUp(page.Count)
		return p, nil
	}
	if err != nil {
		return planned{}, err
	}
	return l.named(m, page.Number, page.Count)
}

// subscribed reads a page's subscribers by their positions; those whose entry has moved since
// the cut are looked up by id, and who is not found has left.
func (l *lane) subscribed(ctx context.Context, page rooms.Page) (planned, error) {
	p := newPlanned(page.Header, page.Number)
	if len(page.Entries) == 0 {
		return p, nil
	}
	here, err := l.read(ctx, page)
	if err != nil {
		return p, err
	}
	for _, e := range page.Entries {
		s, ok := here[e.Subscriber]
		if !ok {
			p.skip()
			continue
		}
		p.add(s.Channel, string(s.ID), s.Contact)
	}
	return p, nil
}

func (l *lane) read(ctx context.Context, page rooms.Page) (map[rooms.SubscriberID]rooms.Subscriber, error) {
	subs, err := l.log.SubscribersOn(ctx, page)
	if err != nil {
		return nil, err
	}
	here := make(map[rooms.SubscriberID]rooms.Subscriber, len(subs))
	for _, s := range subs {
		here[s.ID] = s
	}
	var moved []rooms.SubscriberID
	for _, e := range page.Entries {
		if _, ok := here[e.Subscriber]; !ok {
			moved = append(moved, e.Subscriber)
		}
	}
	found, err := l.log.FindSubscribers(ctx, page.Header.Room, moved)
	for _, s := range found {
		here[s.ID] = s
	}
	return here, err
}
