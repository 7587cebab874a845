package lanes

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

const (
	longest  = 30 * time.Second // that anybody waits for a place
	soon     = time.Second      // within which it comes where others of a lane wait at the same destination already
	moving   = 3 * time.Second  // the same where places become free there
	farthest = time.Minute      // after which who was turned away comes again
)

// Full says that there was no place. After is the time after which it is worth coming again, from a second to a minute.
type Full struct{ After time.Duration }

func (f *Full) Error() string {
	return fmt.Sprintf("lanes: no place is free for now, perhaps in %s", f.After)
}

// Patience is how long a call may wait for a place: half of the time that is left to it, and no more than half a minute.
func Patience(ctx context.Context) time.Duration {
	if until, ok := ctx.Deadline(); ok {
		return min(time.Until(until)/2, longest)
	}
	return longest
}

// Places are so many altogether, and so many at each destination. They are for many goroutines at once.
type Places struct {
	all, each int

	mu    sync.Mutex
	busy  int
	doors map[string]*door // of the destinations at which somebody is, or waits
	line  Line[*visitor]
}

// visitor is who wants a place.
type visitor struct {
	door  *door
	lane  rooms.Lane
	comes chan struct{} // closed when he has it
}

// NewPlaces makes them: all altogether, 0 for any number, and each at one destination.
func NewPlaces(all, each int) *Places {
	return &Places{all: all, each: each, doors: map[string]*door{}}
}

// Take gives a place at a destination, which must be released once. The error is that of a context that had ended before, or
// a *Full.
func (p *Places) Take(ctx context.Context, lane rooms.Lane, destination string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, patience, err := p.ask(lane, destination)
	if err != nil {
		return nil, err
	}
	most := Patience(ctx)
	late := time.NewTimer(min(patience, most))
	defer late.Stop()
	if patience == soon && most > soon {
		select {
		case <-v.comes:
		case <-ctx.Done():
		case <-late.C:
			late.Reset(min(p.patience(v), most) - soon)
		}
	}
	return p.await(ctx, v, late.C)
}

// patience is how long somebody waits who waits already.
func (p *Places) patience(v *visitor) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return v.door.patience(time.Now())
}

// Wait is Take for somebody who cannot come again: nobody turns him away before his context ends.
func (p *Places) Wait(ctx context.Context, lane rooms.Lane, destination string) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.await(ctx, p.join(lane, destination), nil)
}

func (p *Places) join(lane rooms.Lane, destination string) *visitor {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.visitor(lane, destination)
	p.queue(v)
	return v
}

// Waiting is how many wait.
func (p *Places) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line.Len()
}

// ask takes a place that is free, or joins the line, for at most that long, or is turned away.
func (p *Places) ask(lane rooms.Lane, destination string) (v *visitor, patience time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v = p.visitor(lane, destination)
	patience, now := longest, time.Now()
	if p.apart() && !v.door.first(lane) && v.door.crowded() {
		if time.Duration(v.door.ahead(lane)+1)*v.door.paceAt(now) > v.door.patience(now) {
			return nil, 0, &Full{v.door.turn(lane, now)}
		}
		patience = soon
	}
	p.queue(v)
	return v, patience, nil
}

// await says what comes of waiting, until it is late or ctx ends.
func (p *Places) await(ctx context.Context, v *visitor, late <-chan time.Time) (release func(), err error) {
	Tell(ctx, true)
	select {
	case <-v.comes:
	case <-late:
	case <-ctx.Done():
	}
	Tell(ctx, false)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.line.Leave(v):
		v.door.waiting[rank(v.lane)]--
		after := v.door.turn(v.lane, time.Now())
		p.forget(v.door)
		return nil, &Full{after}
	case ctx.Err() != nil: // the place came with the end
		p.release(v)
		return nil, &Full{time.Second}
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.release(v)
	}, nil
}

// What follows is done under p.mu.

// room says whether somebody can have a place now. Where there is one, nobody waits for it.
func (p *Places) room(v *visitor) bool { return (p.all == 0 || p.busy < p.all) && v.door.busy < p.each }

// apart says that one destination cannot have all places.
func (p *Places) apart() bool { return p.all == 0 || p.each < p.all }

func (p *Places) visitor(l rooms.Lane, destination string) *visitor {
	d := p.doors[destination]
	if d == nil {
		d = &door{name: destination, each: p.each}
		p.doors[destination] = d
	}
	return &visitor{door: d, lane: l, comes: make(chan struct{})}
}

// queue has somebody in at once if there is room.
func (p *Places) queue(v *visitor) {
	if p.room(v) {
		p.enter(v)
		return
	}
	v.door.waiting[rank(v.lane)]++
	p.line.Join(v.lane, v)
}

func (p *Places) enter(v *visitor) {
	p.busy++
	v.door.enter(time.Now())
	close(v.comes)
}

// release gives the place to the first for whom it does.
func (p *Places) release(v *visitor) {
	p.busy--
	v.door.leave(time.Now())
	for next, ok := p.line.Next(p.room); ok; next, ok = p.line.Next(p.room) {
		next.door.waiting[rank(next.lane)]--
		p.enter(next)
	}
	p.forget(v.door)
}

func (p *Places) forget(d *door) {
	if d.busy == 0 && d.queue() == 0 {
		delete(p.doors, d.name)
	}
}
