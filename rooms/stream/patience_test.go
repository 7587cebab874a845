package stream

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

func openWith(t *testing.T, o Options) (*Log, *nats.Conn) {
	t.Helper()
	s := brokertest.Start(t)
	l, err := Open(t.Context(), s, s.Manifest(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, brokertest.Connect(t, s, "test")
}

// An answer that is lost must not hold its caller for ever.
func TestLostAnswerIsNotAwaitedForEver(t *testing.T) {
	t.Parallel()
	l, nc := openWith(t, Options{AnswerTimeout: time.Second, CommitTimeout: 3 * time.Second})
	if _, err := nc.SubscribeSync("nobody.answers"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err := l.insist(t.Context(), func(ctx context.Context) error {
		_, err := publish(ctx, l.queue, &nats.Msg{Subject: "nobody.answers"})
		return err
	})
	if !errors.Is(err, ErrUnavailable) || time.Since(began) > time.Minute {
		t.Errorf("got %v", err)
	}
}

// The last subscribers may leave between the look at the end and the scan.
func TestScanEndsWhenTheLastHaveLeft(t *testing.T) {
	t.Parallel()
	l, _ := openWith(t, Options{})
	s := scan{log: l, filter: rooms.SubscribersFilter("newborn"), last: 5, fn: func(stored) error { return nil }}
	if err := s.run(t.Context()); err != nil {
		t.Error(err)
	}
}

// One message that the log does not take must not harm those that wait with it.
func TestOneRefusedMessageHarmsNoOther(t *testing.T) {
	l, _ := openWith(t, Options{})
	var all sync.WaitGroup
	errs := make([]error, 300)
	for n := range errs {
		m := &nats.Msg{Subject: "event.newborn.sent", Header: nats.Header{}, Data: []byte("{}")}
		if n == 150 {
			m.Data = bytes.Repeat([]byte("x"), 9<<20)
		}
		all.Go(func() { errs[n] = l.events.append(t.Context(), m).err })
	}
	all.Wait()
	for n, err := range errs {
		if (err != nil) != (n == 150) {
			t.Fatalf("entry %d: %v", n, err)
		}
	}
}

// A tail tells of an entry that nobody can read where it stands: the index would else never
// reach the end of the log.
func TestTailGoesPastWhatCannotBeRead(t *testing.T) {
	l, nc := openWith(t, Options{})
	if _, err := publish(t.Context(), nc, &nats.Msg{Subject: "event.newborn.sent", Data: []byte("no event")}); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	err := l.TailEvents(t.Context(), 0, func(es []rooms.Event) error {
		if len(es) != 1 || es[0] != (rooms.Event{Sequence: 1}) {
			t.Errorf("got %v", es)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}

func TestPageTwiceInOneBatch(t *testing.T) {
	l, _ := openWith(t, Options{})
	p := PageJobs{UMID: "01JDB6T0G00000000000000001", Jobs: []rooms.Job{{Lane: rooms.Normal, Channel: rooms.SMS}}, Mark: Mark{Recipients: "s"}}
	if err := l.Enqueue(t.Context(), rooms.Normal, []PageJobs{p, p}); err != nil {
		t.Error(err)
	}
}

// A pull is lost with the leader that it waits at: nobody says anything any more. Another is made.
func TestLostPullIsAskedForAgain(t *testing.T) {
	t.Parallel()
	l, nc := openWith(t, Options{})
	p, err := l.puller(t.Context(), queueName(rooms.Normal), jobsName(rooms.SMS))
	if err != nil {
		t.Fatal(err)
	}
	p.replicated = true
	if err := l.work.DeleteConsumer(t.Context(), queueName(rooms.Normal), jobsName(rooms.SMS)); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	sub, err := nc.Subscribe("$JS.API.CONSUMER.MSG.NEXT."+queueName(rooms.Normal)+"."+jobsName(rooms.SMS), func(*nats.Msg) { asked.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	err = p.fetch(t.Context(), 1, 4*time.Second, func(*Held) error { return nil })
	if n := asked.Load(); err != nil || n < 3 {
		t.Errorf("asked %d times in 4 s, %v", n, err)
	}
}
