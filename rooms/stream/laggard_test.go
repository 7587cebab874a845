package stream

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

func subscriberID(n int) rooms.SubscriberID {
	return rooms.SubscriberID(base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%020d", n)))
}

func someSubscribers(from, count int) []rooms.Subscriber {
	subs := make([]rooms.Subscriber, count)
	for i := range subs {
		contact := make([]byte, 4000)
		_, _ = rand.Read(contact)
		subs[i] = rooms.Subscriber{ID: subscriberID(from + i), Room: "newborn", Channel: rooms.SMS, Contact: contact, Since: time.Now().UTC()}
	}
	return subs
}

// laggard is a replica of every stream that has come to a sequence and no further, and has not
// heard yet of the removal of one entry. It catches up after so many questions.
type laggard struct {
	nc *nats.Conn

	mu    sync.Mutex
	upTo  uint64
	ghost *nats.Msg // the entry, as a direct get gave it
	asked int       // how many questions are left
}

// behindLaggard is a log on one server that thinks there are several, and has the laggard at hand.
func behindLaggard(t *testing.T) (*Log, *laggard) {
	t.Helper()
	l, nc := openWith(t, Options{})
	l.options.Replicas = 3
	l.replica = func(stream string) string { return "laggard." + stream }
	g := &laggard{nc: nc}
	sub, err := nc.Subscribe("laggard.*", func(m *nats.Msg) { go g.answer(m) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	return l, g
}

// lag has the laggard stand where the stream is now, but for one more entry that is there.
func (g *laggard) lag(t *testing.T, stream string, upTo, removed uint64, questions int) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.upTo, g.asked, g.ghost = upTo, questions, nil
	if removed > 0 {
		m, err := g.nc.Request(directSubject(stream), fmt.Appendf(nil, `{"seq":%d}`, removed), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		g.ghost = m
	}
}

// view is what the laggard has at the time of a question; caught up, it has everything.
func (g *laggard) view() (upTo uint64, ghost *nats.Msg, lags bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked--
	return g.upTo, g.ghost, g.asked >= 0
}

// answer passes on what the real replica says, but for what the laggard does not have.
func (g *laggard) answer(question *nats.Msg) {
	upTo, ghost, lags := g.view()
	sub, err := g.nc.SubscribeSync(g.nc.NewInbox())
	if err != nil {
		return
	}
	defer func() { _ = sub.Unsubscribe() }()
	_ = g.nc.PublishRequest(directSubject(question.Subject[len("laggard."):]), sub.Subject, question.Data)
	previous := "0"
	pass := func(m *nats.Msg) {
		if lags && m.Header.Get("Nats-Last-Sequence") != "" || m == ghost {
			m.Header.Set("Nats-Last-Sequence", previous)
		}
		previous = m.Header.Get("Nats-Sequence")
		_ = g.nc.PublishMsg(&nats.Msg{Subject: question.Reply, Header: m.Header, Data: m.Data})
	}
	for {
		m, err := sub.NextMsg(time.Second)
		if err != nil {
			return
		}
		at, _ := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
		last := at == 0 || m.Header.Get("Nats-Num-Pending") == "" // the end, or the answer to a question for one entry
		switch {
		case !lags || at > 0 && at <= upTo:
			pass(m)
		case last:
			pass(g.end(m, ghost, upTo, pass))
		}
		if last {
			return
		}
	}
}

// end makes of the end of an answer what the laggard would say.
func (g *laggard) end(m, ghost *nats.Msg, upTo uint64, pass func(*nats.Msg)) *nats.Msg {
	if m.Header.Get("Nats-Sequence") != "" || m.Header.Get("Status") != "204" {
		return &nats.Msg{Header: nats.Header{"Status": {"404"}}}
	}
	m.Header.Set("Nats-Num-Pending", "0")
	if m.Header.Get("Nats-UpTo-Sequence") != "" {
		m.Header.Set("Nats-UpTo-Sequence", strconv.FormatUint(upTo, 10))
		if ghost != nil {
			pass(ghost)
		}
	}
	return m
}

// What a replica that lags does not have yet is there all the same.
func TestMessageThatTheReplicaHasNot(t *testing.T) {
	l, g := behindLaggard(t)
	var last uint64
	for i := range 3 {
		var err error
		if last, _, err = l.Append(t.Context(), someMessage(i)); err != nil {
			t.Fatal(err)
		}
	}
	g.lag(t, streamRooms, last-1, 0, 1000)
	if m, err := l.Message(t.Context(), last); err != nil || m.Sequence != last {
		t.Errorf("the last message is %d, %v", m.Sequence, err)
	}
	if _, err := l.Message(t.Context(), last+1); !errors.Is(err, ErrGone) {
		t.Errorf("a message that is none: %v", err)
	}
	if end, _, err := l.Ends(t.Context()); err != nil || end != last {
		t.Errorf("the end is %d, %v, want %d", end, err, last)
	}
	p := PageJobs{UMID: someMessage(1).UMID, Mark: Mark{Recipients: "s"}}
	if err := l.Enqueue(t.Context(), rooms.Normal, []PageJobs{p}); err != nil {
		t.Fatal(err)
	}
	g.lag(t, queueName(rooms.Normal), 0, 0, 1000)
	if m, ok, err := l.Mark(t.Context(), rooms.Normal, p.UMID, 0); err != nil || !ok || m != p.Mark {
		t.Errorf("the mark is %v, %v, %v", m, ok, err)
	}
}

// Who has subscribed is there, and who has left is not, where the replica knows of neither.
func TestSubscribersThatTheReplicaHasNot(t *testing.T) {
	l, g := behindLaggard(t)
	if err := l.AddSubscribers(t.Context(), someSubscribers(0, 20)); err != nil {
		t.Fatal(err)
	}
	g.lag(t, streamSubscribers, 10, 3, 1000)
	if err := l.RemoveSubscriber(t.Context(), "newborn", subscriberID(2)); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveSubscriber(t.Context(), "newborn", subscriberID(2)); !errors.Is(err, ErrGone) {
		t.Errorf("removed twice: %v", err)
	}
	left, last := subscriberID(2), subscriberID(19)
	many := []rooms.SubscriberID{left, last}
	for n := range 10 {
		many = append(many, subscriberID(1000+n))
	}
	for _, ids := range [][]rooms.SubscriberID{{left, last}, many} {
		g.asked = 3
		found, err := l.FindSubscribers(t.Context(), "newborn", ids)
		if err != nil || len(found) != 1 || found[0].ID != last {
			t.Errorf("of %d ids %d are found, %v", len(ids), len(found), err)
		}
	}
	g.lag(t, streamSubscribers, 20, 5, 1000) // it has everything, but has not heard of a removal
	if err := l.RemoveSubscriber(t.Context(), "newborn", subscriberID(4)); err != nil {
		t.Fatal(err)
	}
	found, err := l.FindSubscribers(t.Context(), "newborn", append(many, subscriberID(4)))
	if err != nil || len(found) != 1 || found[0].ID != last {
		t.Errorf("%d are found, %v, one of whom has left", len(found), err)
	}
	g.lag(t, streamSubscribers, 10, 0, 3)
	all, err := l.Subscribers(t.Context(), "newborn", 0, 1000)
	if err != nil || len(all) != 18 || all[17].ID != last {
		t.Errorf("%d subscribers, %v, want 18", len(all), err)
	}
}

// A scan of jobs does not end where the replica does.
func TestJobsThatTheReplicaHasNot(t *testing.T) {
	l, g := behindLaggard(t)
	p := PageJobs{UMID: someMessage(1).UMID}
	for range 8 {
		p.Jobs = append(p.Jobs, rooms.Job{Lane: rooms.Normal, Channel: rooms.SMS})
	}
	if err := l.Enqueue(t.Context(), rooms.Normal, []PageJobs{p}); err != nil {
		t.Fatal(err)
	}
	g.lag(t, queueName(rooms.Normal), 5, 0, 3)
	count := 0
	next, err := l.ScanJobs(t.Context(), rooms.Normal, 0, 100, func(uint64, rooms.Job) error { count++; return nil })
	if err != nil || next != 0 || count != 8 {
		t.Errorf("%d jobs, next %d, %v, want 8", count, next, err)
	}
}

// A tail waits for a replica that lags, in order and without a gap.
func TestTailOfAReplicaThatLags(t *testing.T) {
	l, g := behindLaggard(t)
	for i := range 20 {
		e := rooms.Event{Kind: rooms.EventSent, Room: "newborn", UMID: someMessage(1).UMID, N: i, Attempt: 1, At: time.Now().UTC()}
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	g.lag(t, streamEvents, 7, 0, 5)
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	last := uint64(0)
	err := l.TailEvents(ctx, 0, func(es []rooms.Event) error {
		for _, e := range es {
			if e.Sequence != last+1 {
				t.Errorf("%d came after %d", e.Sequence, last)
			}
			if last = e.Sequence; last == 20 {
				return enough
			}
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("a tail came to %d: %v", last, err)
	}
}
