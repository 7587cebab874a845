package live

import (
	"context"
)

// Listener is one who listens to a room. Its methods are for one goroutine.
type Listener struct {
	hub   *Hub
	room  *room
	query Query
	at    uint64 // everything up to here was handed out, or is not wanted
	gap   uint64
}

// Gap says that the log no longer holds all that follows the position which the listener asked for,
// and with which sequence it begins.
func (l *Listener) Gap() (first uint64, missing bool) { return l.gap, l.gap > 0 }

// At is the position reached: who resumes there misses nothing.
func (l *Listener) At() uint64 { return l.at }

// Next gives what follows, as far as it is at hand or on the next page of the log. If that is nothing,
// more is closed when it is worth asking again. An error is ErrUnavailable, or that of ctx.
func (l *Listener) Next(ctx context.Context) (events []*Event, more <-chan struct{}, err error) {
	for {
		latest, end, more, behind, err := l.room.after(l.at)
		switch {
		case err != nil:
			return nil, nil, err
		case !behind:
			l.at = max(l.at, end)
			return l.wanted(latest), more, nil
		}
		events, whole, err := l.page(ctx)
		if err != nil || len(events) > 0 {
			return events, closed(), err
		}
		if whole {
			l.at = max(l.at, end)
		}
	}
}

// page reads on in the log; whole says that there was nothing more.
func (l *Listener) page(ctx context.Context) (events []*Event, whole bool, err error) {
	select {
	case l.hub.reading <- struct{}{}:
		defer func() { <-l.hub.reading }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	page, err := l.hub.log.RoomPage(ctx, l.query.Selection, l.at)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case err != nil:
		return nil, false, unavailable(err)
	case len(page) == 0:
		return nil, true, nil
	}
	l.at = page[len(page)-1].Sequence
	return l.wanted(l.hub.events(page)), false, nil
}

// wanted leaves out what the listener did not ask for.
func (l *Listener) wanted(events []*Event) []*Event {
	var out []*Event
	for _, e := range events {
		if l.query.Has(e.Header) && !e.ReceivedAt.Before(l.query.Born) {
			out = append(out, e)
		}
	}
	return out
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Close ends listening.
func (l *Listener) Close() { l.hub.leave(l.room) }
