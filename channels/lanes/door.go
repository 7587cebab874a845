package lanes

import (
	"math"
	"time"

	"github.com/govcrier/crier/rooms"
)

// ranks are as many as there are lanes.
const ranks = 3

// door is that of one destination. It knows at which pace its places become free while all are taken, however long that
// takes: a destination that is silent becomes slower by the moment.
type door struct {
	name    string
	each    int // places
	busy    int
	waiting [ranks]int
	pace    time.Duration    // between two that leave while it is full, smoothed; 0: not known yet
	since   time.Time        // the latest coming or going
	left    time.Time        // the latest going
	beyond  int              // how many were turned away whose turn was later than the farthest
	turns   [ranks]time.Time // up to when those that were turned away have been told to come
}

func (d *door) enter(now time.Time) { d.busy, d.since = d.busy+1, now }

func (d *door) leave(now time.Time) {
	switch gap, each := now.Sub(d.since), time.Duration(d.each); {
	case d.busy < d.each:
	case d.pace == 0:
		d.pace = gap / each // the others are as far
	default:
		d.pace += (gap - d.pace) / max(each, 4) // places may become free together
	}
	d.busy, d.since, d.left = d.busy-1, now, now
}

// ahead is how many wait that are as urgent, or more.
func (d *door) ahead(l rooms.Lane) (n int) {
	for _, waiting := range d.waiting[:rank(l)+1] {
		n += waiting
	}
	return n
}

// first says that who comes may wait, however long it takes: the first of his lane, and of emergencies as many as there are places,
// so that those have them all as soon as the destination has recovered.
func (d *door) first(l rooms.Lane) bool {
	if urgent(l) {
		return d.ahead(l) < d.each
	}
	return d.ahead(l) == 0
}

func (d *door) queue() int { return d.waiting[0] + d.waiting[1] + d.waiting[2] }

// crowded says that who comes waits for others of the same destination.
func (d *door) crowded() bool { return d.busy+d.queue() >= d.each }

// paceAt is the pace as it looks now.
func (d *door) paceAt(now time.Time) time.Duration {
	if d.busy < d.each {
		return d.pace
	}
	return max(d.pace, now.Sub(d.since))
}

// patience is how long somebody waits behind others of his lane: longer where places become free.
func (d *door) patience(now time.Time) time.Duration {
	if now.Sub(d.left) <= soon {
		return moving
	}
	return soon
}

// turn is how long somebody who is turned away stays away: until after those of his lane that were told so before. An emergency
// is there again within a second, lest others that come meanwhile have its place.
func (d *door) turn(l rooms.Lane, now time.Time) time.Duration {
	if urgent(l) {
		return time.Second
	}
	last := &d.turns[rank(l)]
	if last.Before(now) {
		*last = now
	}
	*last = last.Add(d.paceAt(now))
	if end := now.Add(farthest); last.After(end) {
		*last = end
		return d.spread()
	}
	return max(last.Sub(now), time.Second)
}

// spread has those come again at different times whose turn is later than the farthest. Multiples of the golden ratio divide
// any length evenly, however many there are.
func (d *door) spread() time.Duration {
	d.beyond++
	_, part := math.Modf(float64(d.beyond) * math.Phi)
	return farthest - time.Duration(part*float64(farthest/4))
}
