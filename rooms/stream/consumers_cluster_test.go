package stream

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// A consumer goes on when its leader has gone: what was acknowledged is not handed out again, all else is, by a token
// of before it can be settled, and who waits gets what comes.
func TestConsumerOutlivesItsLeader(t *testing.T) {
	t.Parallel() // most of it is waiting
	n := startNodes(t)
	lead := n.leads(t, streamRooms)
	here := n.logs[(lead+1)%3]
	c := rooms.ConsumerConfig{ID: rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: "a"}, Client: "clinic-4", AckWait: 2 * time.Second}
	if err := here.CreateConsumer(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	n.makeConsumerLeader(t, streamRooms, c.ID.String(), lead)
	publish := func(from, to int) {
		t.Helper()
		for i := from; i <= to; i++ {
			if _, _, err := here.Append(t.Context(), someMessage(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(1, 4)
	first := handed(t, here, c.ID, 4)
	settled := func(all ...Handout) {
		t.Helper()
		var s []Settlement
		for _, h := range all {
			s = append(s, Settlement{Handle: h.Handle})
		}
		if err := here.Settle(t.Context(), c.ID, s); err != nil {
			t.Fatal(err)
		}
	}
	settled(first[0], first[2])
	before, err := here.Consumer(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { // while the leader dies
		_, err := here.Pull(t.Context(), c.ID, 1, 1<<20, time.Second)
		waiting <- err
	}()
	n.logs[lead].Close()
	n.Servers[lead].Stop()
	if err := <-waiting; err != nil {
		t.Errorf("who waited: %v", err)
	}
	settled(first[1])
	publish(5, 6)
	seen := map[uint64]bool{}
	until(t, func() error {
		got, err := here.Pull(t.Context(), c.ID, 10, 1<<20, time.Second)
		if err != nil {
			return err
		}
		for _, h := range got {
			if seen[h.Handle.Sequence] = true; h.Handle.Sequence <= 3 {
				t.Errorf("message %d was acknowledged, and comes again", h.Handle.Sequence)
			}
		}
		settled(got...)
		if len(seen) < 3 {
			return fmt.Errorf("handed out since: %v", seen)
		}
		return nil
	})
	after, err := here.Consumer(t.Context(), c.ID)
	if err != nil || !after.Created.Equal(before.Created) || after.Acked != first[3].Handle.Sequence+2 || after.AckPending != 0 {
		t.Errorf("%+v, was %+v, %v", after, before, err)
	}
	if err := here.DeleteConsumer(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Consumer(t.Context(), c.ID); !errors.Is(err, ErrGone) {
		t.Errorf("deleted, and there: %v", err)
	}
}

// handed pulls until so many have come.
func handed(t *testing.T, l *Log, id rooms.ConsumerID, want int) (all []Handout) {
	t.Helper()
	until(t, func() error {
		got, err := l.Pull(t.Context(), id, want-len(all), 1<<20, time.Second)
		if all = append(all, got...); err == nil && len(all) < want {
			err = fmt.Errorf("%d of %d", len(all), want)
		}
		return err
	})
	return all
}

// What is created on one node is there on every other at once; so is what is deleted.
func (n standing) TestConsumersOnEveryNode(t *testing.T) {
	for i := range 9 {
		c := rooms.ConsumerConfig{ID: rooms.ConsumerID{Room: "newborn", Owner: rooms.OwnerOf("clinic-4"), Name: rooms.ConsumerName(fmt.Sprint("c", i))}, Client: "clinic-4", AckWait: time.Minute}
		here, there := n.logs[i%3], n.logs[(i+1)%3]
		for _, l := range []*Log{here, there} {
			if err := l.CreateConsumer(t.Context(), c, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := there.Consumer(t.Context(), c.ID); err != nil || !got.Same(c) {
			t.Errorf("%+v, %v", got, err)
		}
		if ids, err := there.ConsumerIDs(t.Context()); err != nil || len(ids) != 1 {
			t.Errorf("%v, %v", ids, err)
		}
		c.AckWait = time.Second
		if err := there.CreateConsumer(t.Context(), c, 0); !errors.Is(err, ErrExists) {
			t.Errorf("with other settings: %v", err)
		}
		if err := there.DeleteConsumer(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
		if ids, err := here.ConsumerIDs(t.Context()); err != nil || len(ids) != 0 {
			t.Errorf("%v, %v", ids, err)
		}
	}
}
