package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// On several servers a consumer is told to pass over what is not for it, whereupon it has handed
// out more than is settled: markers of a lane in which nothing else happens go all the same. And
// who is cut off learns that nobody hears his signs of life.
func TestIdleLaneIsSweptAndTheCutOffHearNothing(t *testing.T) {
	n, w := wiredNodes(t)
	const away = 0
	p := &planning{T: t, Log: n.logs[1]}
	var err error
	p.intake, err = p.Intake(t.Context(), rooms.Normal)
	p.must(err)
	p.add(rooms.Normal, 1, 2)
	held := p.take(2)
	p.must(p.mark(held))
	p.settle(held)
	p.add(rooms.Bulk, 3, 10)
	passed := func() error {
		c, err := p.consumer(t.Context(), streamRooms, plannerName(rooms.Normal))
		if err == nil && c.Delivered.Stream <= c.AckFloor.Stream {
			err = fmt.Errorf("handed out are %d, settled %d", c.Delivered.Stream, c.AckFloor.Stream)
		}
		return err
	}
	until(t, func() error { // it looks for the next message whenever one is asked for
		if _, err := p.intake.Fetch(t.Context(), 1, 50*time.Millisecond); err != nil {
			return err
		}
		return passed()
	})
	for _, leader := range []int{1, 2} { // whoever leads
		n.makeConsumerLeader(t, streamRooms, plannerName(rooms.Normal), leader)
		rounds(t, &sweeper{log: n.logs[leader], lane: rooms.Normal}, 2)
		if count := markers(t, p.Log); count != 0 {
			t.Errorf("%d markers are left", count)
		}
		p.must(p.mark(held))
	}

	n.makeConsumerLeader(t, streamRooms, plannerName(rooms.Normal), 1)
	cut := &planning{T: t, Log: n.logs[away]}
	cut.intake, err = cut.Intake(t.Context(), rooms.Normal)
	cut.must(err)
	cut.add(rooms.Normal, 11, 11)
	alive := cut.take(1)[0]
	cut.must(alive.Working())
	w.isolate(away)
	until(t, func() error {
		if alive.Working() == nil {
			return errors.New("a sign of life seems to be heard")
		}
		return nil
	})
}
