package fanout

import (
	"context"
	"fmt"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/stream"
)

// step collects pages that become jobs together, and what is to be recorded of them.
type step struct {
	log        *stream.Log
	audit      Record
	turn       *stream.Turn
	held       func() bool
	pages      []planned
	events     []rooms.Event   // of those that were enqueued
	unfinished []rooms.Message // that have more pages than the one that was enqueued
	mark       stream.Mark     // of the page that was enqueued last
}

func (s *step) add(p planned) { s.pages = append(s.pages, p) }

// enqueue makes jobs of the pages that were collected.
func (s *step) enqueue(ctx context.Context) error {
	jobs := make([]stream.PageJobs, len(s.pages))
	for i, p := range s.pages {
		jobs[i] = p.pageJobs()
	}
	if !s.held() {
		return fmt.Errorf("fanout: %w", stream.ErrFenced)
	}
	if err := s.turn.Enqueue(ctx, jobs); err != nil {
		return fmt.Errorf("fanout: enqueue: %w", err)
	}
	for i, p := range s.pages {
		s.enqueued(p, jobs[i].Mark)
	}
	s.pages = nil
	return nil
}

// enqueued notes what is to be said of a page, by the mark that it has now.
func (s *step) enqueued(p planned, m stream.Mark) {
	s.mark = m
	whole := p.whole && m.Last
	if p.whole && !m.Last {
		s.unfinished = append(s.unfinished, p.message)
	}
	s.events = append(s.events, p.events(m, whole)...)
}

// record writes down what was enqueued.
func (s *step) record(ctx context.Context) error {
	if len(s.events) == 0 {
		return nil
	}
	if err := s.log.Record(ctx, s.events...); err != nil {
		return fmt.Errorf("fanout: record: %w", err)
	}
	if entries := s.entries(); len(entries) > 0 {
		if err := s.audit.Record(ctx, entries...); err != nil {
			return fmt.Errorf("fanout: record for the audit: %w", err)
		}
	}
	s.events = nil
	return nil
}

// entries are the audit entries of the messages that were accepted: each is in the room's log, so
// each comes to be on record, whatever becomes of the call that brought it.
func (s *step) entries() []audit.Entry {
	var all []audit.Entry
	for _, e := range s.events {
		if e.Kind != rooms.EventAccepted {
			continue
		}
		h := e.Message
		all = append(all, audit.Entry{
			Time: h.ReceivedAt, Source: string(h.Publisher), Destination: "room " + string(h.Room), Status: audit.Success,
			IDs:  map[string]string{"room": string(h.Room), "umid": string(h.UMID)},
			Data: map[string]string{"action": "accepted", "lane": string(h.Lane), "type": string(h.Type)},
		})
	}
	return all
}

// finish enqueues what was collected, then records all that was enqueued, and begins anew.
func (s *step) finish(ctx context.Context) (unfinished []rooms.Message, err error) {
	if err := s.enqueue(ctx); err != nil {
		return nil, err
	}
	if err := s.record(ctx); err != nil {
		return nil, err
	}
	unfinished, s.unfinished = s.unfinished, nil
	return unfinished, nil
}
