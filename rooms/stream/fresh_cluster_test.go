package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
)

// freshPatience is how long an answer is waited for before it counts as lost.
const freshPatience = 2 * time.Second

// freshLooks is how often is looked while a server catches up.
const freshLooks = 6

// freshRounds is how often each server is started again: once, or as often as CRIER_SOAK says.
func freshRounds() int {
	n, err := strconv.Atoi(os.Getenv("CRIER_SOAK"))
	if err != nil {
		return 1
	}
	return max(n, 1)
}

// fresh counts what readers see while a server that was away catches up.
type fresh struct {
	*nodes
	t      *testing.T
	stored int // messages in all

	looks, there, fewer, none, silent, unmade int
	longest                                   time.Duration
}

// A server that is just back does not have yet what was stored without it, nor does it know yet who listens elsewhere. The
// engine may place an ordered consumer there all the same. It then begins with fewer messages than were acknowledged, or
// the first request for messages is dropped without a word, because nobody seems to listen for the answer: who waits for
// that answer sees an empty stream. What the log reads in those moments is whole.
func TestReadsWhileAServerCatchesUp(t *testing.T) {
	f := &fresh{t: t, nodes: startNodes(t)}
	f.store(0, 60)
	for round := range freshRounds() * len(f.Servers) {
		f.away(round % len(f.Servers))
	}
	t.Logf("%d ordered consumers, %d of them on the server that was just back: %d began with fewer messages than were acknowledged, "+
		"%d with none; %d times nobody made one, %d times it gave nothing for a second; all had come after %v at the latest",
		f.looks, f.there, f.fewer, f.none, f.unmade, f.silent, f.longest.Round(time.Millisecond))
	if f.looks == 0 {
		t.Error("nothing was looked at")
	}
}

// store appends on a node that is there.
func (f *fresh) store(node, n int) {
	f.t.Helper()
	for range n {
		f.stored++
		if _, _, err := f.logs[node].Append(f.t.Context(), someMessage(f.stored)); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := f.logs[node].AddSubscribers(f.t.Context(), someSubscribers(f.stored-n, n)); err != nil {
		f.t.Fatal(err)
	}
}

// away stops a server, stores without it, starts it again and looks at once, from it and from another.
func (f *fresh) away(node int) {
	f.logs[node].Close()
	f.Servers[node].Stop()
	other := (node + 1) % len(f.Servers)
	f.store(other, 60)
	s := f.Start(f.t, node)
	back := time.Now()
	js, err := jetstream.New(brokertest.Connect(f.t, s, "reader"))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range freshLooks {
		pause(f.t.Context(), time.Until(back.Add(time.Duration(i+1)*50*time.Millisecond)))
		f.look(js, node)
		f.own(other)
	}
	if err := s.Ready(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if f.logs[node], err = Open(f.t.Context(), s, s.Manifest(), Options{Replicas: 3}); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(f.logs[node].Close)
	f.own(node)
}

// look reads with a new ordered consumer, made by way of the server that is just back.
func (f *fresh) look(js jetstream.JetStream, node int) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	for first := true; ; first = false {
		err := f.readAll(ctx, js, node, first)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			f.t.Fatalf("after a minute no ordered consumer has given all messages: %v", err)
		}
		pause(ctx, retryPause)
	}
	f.longest = max(f.longest, time.Since(began))
}

// readAll makes an ordered consumer and reads until everything has come, or nothing comes for a second.
func (f *fresh) readAll(ctx context.Context, js jetstream.JetStream, node int, first bool) error {
	f.t.Helper()
	asking, cancel := context.WithTimeout(ctx, freshPatience)
	defer cancel()
	c, err := js.OrderedConsumer(asking, streamRooms, jetstream.OrderedConsumerConfig{})
	if err != nil {
		f.unmade++
		return err
	}
	info, err := c.Info(asking)
	if err != nil {
		f.unmade++
		return err
	}
	if first {
		f.note(info, node)
	}
	it, err := c.Messages(jetstream.PullHeartbeat(10 * time.Second)) // a lost request is not repeated while we look
	if err != nil {
		return err
	}
	defer it.Stop()
	for got := 0; got < f.stored; got++ {
		short, enough := context.WithTimeout(ctx, time.Second)
		_, err := it.Next(jetstream.NextContext(short))
		enough()
		if err != nil {
			f.silent++
			f.say(ctx, c, got, err)
			return err
		}
	}
	return nil
}

// note counts what a new consumer says of itself.
func (f *fresh) note(info *jetstream.ConsumerInfo, node int) {
	f.looks++
	if info.Cluster != nil && info.Cluster.Leader == f.Options[node].Node {
		f.there++
	}
	if info.NumPending == 0 {
		f.none++
	} else if info.NumPending < uint64(f.stored) {
		f.fewer++
	}
}

// say tells how a consumer stands that gives nothing.
func (f *fresh) say(ctx context.Context, c jetstream.Consumer, got int, fault error) {
	info, err := c.Info(ctx)
	if err != nil {
		f.t.Logf("%d of %d came, then nothing (%v); the consumer is not known: %v", got, f.stored, fault, err)
		return
	}
	f.t.Logf("%d of %d came, then nothing (%v); the consumer, on %s, says that %d messages wait and %d requests for them",
		got, f.stored, fault, info.Cluster.Leader, info.NumPending, info.NumWaiting)
}

// own reads as the program does.
func (f *fresh) own(node int) {
	f.t.Helper()
	l := f.logs[node]
	end, _, err := l.Ends(f.t.Context())
	if err != nil || end != uint64(f.stored) {
		f.t.Errorf("the end is %d, %v, want %d", end, err, f.stored)
	}
	for _, sequence := range []int{1, f.stored} {
		if m, err := l.Message(f.t.Context(), uint64(sequence)); err != nil || m.TxID != fmt.Sprint(sequence) {
			f.t.Errorf("message %d is %q, %v", sequence, m.TxID, err)
		}
	}
	f.tail(l)
	f.scan(l)
}

// scan reads all subscribers, as the planner does.
func (f *fresh) scan(l *Log) {
	f.t.Helper()
	found := 0
	err := l.ScanSubscribers(f.t.Context(), "newborn", 0, func(rooms.Subscriber) error {
		found++
		return nil
	})
	if err != nil || found != f.stored {
		f.t.Errorf("%d subscribers were found, %v, there are %d", found, err, f.stored)
	}
}

var errEnough = errors.New("enough")

// tail follows the log from its beginning to its end.
func (f *fresh) tail(l *Log) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	last := uint64(0)
	err := l.TailHeaders(ctx, 0, func(headers []rooms.Header) error {
		for _, h := range headers {
			if h.Sequence != last+1 {
				f.t.Errorf("a tail gave %d after %d", h.Sequence, last)
			}
			last = h.Sequence
		}
		if last >= uint64(f.stored) {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		f.t.Errorf("a tail came to %d of %d: %v", last, f.stored, err)
	}
}
