package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// planned is a page with its jobs.
type planned struct {
	message rooms.Message
	number  int
	jobs    []rooms.Job
	marks   []byte        // a letter for each recipient
	lost    []rooms.Event // of recipients who cannot be reached because the message cannot be opened
	covers  uint64        // position of the last subscriber on it
	last    bool          // no page follows
	whole   bool          // it was planned as all of its message
}

func newPlanned(m rooms.Message, number int) planned { return planned{message: m, number: number} }

// add puts the next recipient on the page.
func (p *planned) add(ch rooms.Channel, owner string, contact []byte) {
	h := p.message.Header
	p.jobs = append(p.jobs, rooms.Job{
		UMID: h.UMID, N: p.next(), Room: h.Room, Sequence: h.Sequence, Lane: h.Lane,
		Channel: ch, Owner: owner, Contact: contact, Attempt: 1, Deadline: h.ExpiresAt, Policy: h.Policy, Anytime: h.AnyHour(),
	})
	p.marks = append(p.marks, rooms.Mark(ch))
}

// subscribed puts a subscriber on the page, with a deadline of his own if he has one.
func (p *planned) subscribed(s rooms.Subscriber) {
	p.add(s.Channel, string(s.ID), s.Contact)
	if until := p.message.ReceivedAt.Add(time.Duration(s.TTL) * time.Second); s.TTL > 0 && until.Before(p.message.ExpiresAt) {
		p.jobs[len(p.jobs)-1].Deadline = until
	}
}

// next is the number of the next recipient.
func (p *planned) next() int { return p.number*rooms.PageSize + len(p.marks) }

// giveUp records that recipients cannot be reached.
func (p *planned) giveUp(count int) {
	h := p.message.Header
	for range count {
		p.lost = append(p.lost, rooms.Event{
			Kind: rooms.EventFailed, Room: h.Room, UMID: h.UMID, At: time.Now().UTC(), N: p.next(), Attempt: 1, Reason: rooms.Gone,
		})
		p.marks = append(p.marks, rooms.MarkSuppressed)
	}
}

func (p *planned) pageJobs() stream.PageJobs {
	return stream.PageJobs{UMID: p.message.UMID, Page: p.number, Jobs: p.jobs,
		Mark: stream.Mark{Recipients: string(p.marks), Sequence: p.covers, Last: p.last, Message: p.message.Sequence}}
}

// events say that the page has become jobs, by the mark that it has now. A page that has its jobs
// from before has lost nobody since. One that is the whole message says how many recipients that
// are.
func (p *planned) events(m stream.Mark, whole bool) []rooms.Event {
	h := p.message.Header
	queued := queued(h, p.number, m)
	var all []rooms.Event
	if whole {
		all = append(all, accepted(h))
		queued.Recipients = len(m.Recipients)
	}
	all = append(all, queued)
	if whole && len(m.Recipients) == 0 { // nobody to reach: said in so many words
		all = append(all, counted(h, 0))
	}
	if m.Recipients == string(p.marks) {
		all = append(all, p.lost...)
	}
	return all
}

func accepted(h rooms.Header) rooms.Event {
	return rooms.Event{Kind: rooms.EventAccepted, Room: h.Room, UMID: h.UMID, At: h.ReceivedAt, Message: &h}
}

func queued(h rooms.Header, page int, m stream.Mark) rooms.Event {
	return rooms.Event{Kind: rooms.EventQueued, Room: h.Room, UMID: h.UMID, At: time.Now().UTC(), Page: page, Marks: m.Recipients}
}

func counted(h rooms.Header, recipients int) rooms.Event {
	return rooms.Event{Kind: rooms.EventPlanned, Room: h.Room, UMID: h.UMID, At: time.Now().UTC(), Recipients: recipients}
}

// audience reads the subscribers of rooms, those of a small room once for all messages of a step.
type audience struct {
	log   *stream.Log
	known map[rooms.Room][]rooms.Subscriber
}

// of gives a room's subscribers if they fit one page.
func (a audience) of(ctx context.Context, room rooms.Room) (subs []rooms.Subscriber, fits bool, err error) {
	if subs, ok := a.known[room]; ok {
		return subs, true, nil
	}
	found, err := a.log.Subscribers(ctx, room, 0, rooms.PageSize+1)
	if err != nil || len(found) > rooms.PageSize {
		return nil, false, err
	}
	seen := newOnce()
	for _, s := range found {
		if seen.first(s) {
			subs = append(subs, s)
		}
	}
	a.known[room] = subs
	return subs, true, nil
}

// onePage makes the jobs of a message that fits one page.
func (l *lane) onePage(ctx context.Context, small audience, m rooms.Message) (p planned, fits bool, err error) {
	p = newPlanned(m, 0)
	p.last, p.whole = true, true
	if m.Direct {
		if m.Recipients > rooms.PageSize {
			return p, false, nil
		}
		to, err := l.open(m)
		if err != nil {
			return p, false, err
		}
		return p, true, l.named(&p, to, m.Recipients)
	}
	subs, fits, err := small.of(ctx, m.Room)
	if err != nil || !fits {
		return p, false, err
	}
	to, err := l.target(m)
	if err != nil {
		return p, false, err
	}
	for _, s := range subs {
		p.covers = s.Sequence
		if to.takes(s) {
			p.subscribed(s)
		}
	}
	l.report(m, to)
	return p, true, nil
}

// named puts count named recipients on a page, from its first on.
func (l *lane) named(p *planned, to []rooms.Contact, count int) error {
	first := p.next()
	if first+count > len(to) {
		p.giveUp(count)
		return nil
	}
	h := p.message.Header
	for i, c := range to[first : first+count] {
		owner := fmt.Sprintf("%s.%d", h.UMID, first+i)
		sealed, err := l.vault.Seal(c.Encode(), "contact", string(h.Room), owner)
		if err != nil {
			return fmt.Errorf("fanout: seal a contact: %w", err)
		}
		p.add(c.Channel, owner, sealed)
	}
	return nil
}

// open gives the recipients that an envelope names; none if it cannot be opened, so that they are
// given up. Where the keys may be to blame it is an error, until the message has expired.
func (l *lane) open(m rooms.Message) ([]rooms.Contact, error) {
	plain, err := l.vault.Unseal(m.Payload, "envelope", string(m.Room), string(m.UMID))
	if err == nil {
		var e rooms.Envelope
		if e, err = rooms.DecodeEnvelope(plain); err == nil {
			return e.Recipients, nil
		}
	} else if !unreadable(err) && time.Now().Before(m.ExpiresAt) {
		return nil, fmt.Errorf("fanout: message %s cannot be opened with the keys of this node, and waits for others: %w", m.UMID, err)
	}
	l.logger.Error("a message cannot be opened; its deliveries are given up", "umid", string(m.UMID), "error", err)
	return nil, nil
}

// unreadable says that no other key helps: the right one does not open it, or it is nothing sealed.
func unreadable(err error) bool {
	return errors.Is(err, vault.ErrUnseal) || errors.Is(err, vault.ErrFormat)
}
