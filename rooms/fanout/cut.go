package fanout

import (
	"context"
	"fmt"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// partPages is how many pages a part of a cut has: a few at first, so that work begins at once,
// then more. The sizes are fixed, since a cut that was interrupted goes on after the last part
// that was stored.
func partPages(part int) int {
	switch part {
	case 0:
		return 10
	case 1:
		return 100
	}
	return 500
}

// cut stores the pages of a message, then records how many recipients it has.
func (l *lane) cut(ctx context.Context, h rooms.Header) error {
	l.paged = true
	total := h.Recipients
	var err error
	if h.Direct {
		err = l.cutNamed(ctx, h)
	} else {
		total, err = l.cutRoom(ctx, h)
	}
	if err != nil {
		return fmt.Errorf("fanout: cut: %w", err)
	}
	return l.log.Record(ctx, accepted(h),
		rooms.Event{Kind: rooms.EventPlanned, Room: h.Room, UMID: h.UMID, At: time.Now().UTC(), Recipients: total})
}

// cutNamed stores the pages of a message to named recipients, which its envelope lists.
func (l *lane) cutNamed(ctx context.Context, h rooms.Header) error {
	var pages []rooms.Page
	for first := 0; first < h.Recipients; first += rooms.PageSize {
		count := min(rooms.PageSize, h.Recipients-first)
		pages = append(pages, rooms.Page{Header: h, Number: len(pages), Count: count})
	}
	return l.log.AppendPages(ctx, 0, pages, stream.Cut{Recipients: h.Recipients, End: true})
}

// cutRoom scans the room's subscribers once and stores their positions, part by part.
func (l *lane) cutRoom(ctx context.Context, h rooms.Header) (total int, err error) {
	c := cutter{log: l.log, header: h}
	if err := c.resume(ctx); err != nil || c.end {
		return c.total, err
	}
	err = l.log.ScanSubscribers(ctx, h.Room, c.after, func(e rooms.PageEntry) error { return c.add(ctx, e) })
	if err == nil {
		c.end = true
		err = c.store(ctx)
	}
	return c.total, err
}

// cutter collects the pages of a part.
type cutter struct {
	log    *stream.Log
	header rooms.Header
	part   int
	number int          // of the next page
	pages  []rooms.Page // of this part
	total  int
	after  uint64 // where the scan begins
	last   uint64 // position of the last subscriber on a page
	end    bool   // nobody is left
}

// resume goes on behind the parts that were stored before a crash. Who has subscribed since the
// end of a cut is not added to it.
func (c *cutter) resume(ctx context.Context) error {
	for {
		to, stored, err := c.log.CutTo(ctx, c.header.Lane, c.header.UMID, c.part)
		if err != nil || !stored {
			return err
		}
		c.after, c.total, c.end = to.Sequence, to.Recipients, to.End
		c.number += partPages(c.part)
		c.part++
	}
}

func (c *cutter) add(ctx context.Context, e rooms.PageEntry) error {
	if last := len(c.pages) - 1; last < 0 || len(c.pages[last].Entries) == rooms.PageSize {
		if len(c.pages) == partPages(c.part) {
			if err := c.store(ctx); err != nil {
				return err
			}
		}
		c.pages = append(c.pages, rooms.Page{Header: c.header, Number: c.number, Entries: make([]rooms.PageEntry, 0, rooms.PageSize)})
		c.number++
	}
	p := &c.pages[len(c.pages)-1]
	p.Entries = append(p.Entries, e)
	p.Count++
	c.total++
	c.last = e.Sequence
	return nil
}

// store writes the part.
func (c *cutter) store(ctx context.Context) error {
	if len(c.pages) == 0 {
		return nil
	}
	err := c.log.AppendPages(ctx, c.part, c.pages, stream.Cut{Sequence: c.last, Recipients: c.total, End: c.end})
	c.part++
	c.pages = nil
	return err
}
