package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// peersGap is how long clients may get nothing when their node dies, on a busy machine.
const peersGap = 3 * time.Minute

// TestPeersGoOnWhenTheirNodeDies kills the node that clients are connected to, and which leads everything, while they
// consume durably and listen: every message that was acknowledged reaches each of them.
func TestPeersGoOnWhenTheirNodeDies(t *testing.T) {
	t.Parallel() // most of it is waiting
	ctx, cancel := context.WithTimeout(t.Context(), healing)
	defer cancel()
	f, err := fleet.Start(ctx, fleet.Options{Program: buildProgram(t, "")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Lead(ctx, fleet.N1); err != nil {
		t.Fatal(err)
	}
	followers := map[string]*follower{"go": followWithGo(t, f), "javascript": followWithNode(t, f)}
	p := &steadyPublisher{fleet: f}
	stop := p.start(t)
	for name, w := range followers {
		await(t, peersGap, func() string { return w.wants(name, 100, time.Time{}) })
	}
	wantAllAt(t, f, fleet.N1, len(followers))
	if err := f.Node(fleet.N1).Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	for name, w := range followers {
		await(t, peersGap, func() string { return w.wants(name, 200, killed) })
		t.Logf("%s: nothing consumed for %s, nothing heard for %s", name, w.followed.gap(), w.heard.gap())
	}
	stop()
	for name, w := range followers {
		await(t, peersGap, func() string { return w.followed.lacks(p.all()) })
		t.Logf("%s: %d acknowledged, %d came again", name, len(p.all()), w.followed.repeats())
	}
	wantAllAt(t, f, fleet.N2, len(followers))
}

// wantAllAt wants so many connections, and all with one node.
func wantAllAt(t *testing.T, f *fleet.Fleet, node string, n int) {
	t.Helper()
	await(t, peersGap, func() string {
		all, err := f.Client(fleet.Admin, node).Connections(t.Context())
		if err != nil && node == fleet.N1 { // afterwards a node does not answer
			return err.Error()
		}
		for _, c := range all {
			if c.Node != node {
				return fmt.Sprintf("a client is connected to %s, not %s", c.Node, node)
			}
		}
		if len(all) != n { // one that has come twice may be seen twice for a moment
			return fmt.Sprintf("%d clients are connected, want %d", len(all), n)
		}
		return ""
	})
}

// follower is a client that consumes durably, and listens.
type follower struct{ followed, heard arrivalsLog }

// wants says what is missing until both have got so many, one of them published after a time.
func (w *follower) wants(name string, n int, after time.Time) string {
	for what, l := range map[string]*arrivalsLog{"consumed": &w.followed, "heard": &w.heard} {
		if got := l.count(after); got < n {
			return fmt.Sprintf("%s has %s %d of %d", name, what, got, n)
		}
	}
	return ""
}

// makeConsumer gives the name of a durable consumer by which NATS clients know it.
func makeConsumer(t *testing.T, f *fleet.Fleet, name string) string {
	t.Helper()
	c, err := f.Client(fleet.Publisher).CreateConsumer(t.Context(), fleet.Room, v1.NewConsumer{Name: name, AckWait: 5, Start: v1.Position{From: v1.FromAll}})
	if err != nil {
		t.Fatal(err)
	}
	return c.Consumer
}

func followWithGo(t *testing.T, f *fleet.Fleet) *follower {
	t.Helper()
	name := makeConsumer(t, f, "go")
	token := f.Token(fleet.Publisher)
	nc, err := nats.Connect(f.Node(fleet.N1).NATS()+","+f.Node(fleet.N2).NATS(),
		nats.DontRandomize(), nats.RootCAs(f.CAFile()), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectWait(100*time.Millisecond),
		nats.TokenHandler(func() string { s, _ := token(context.Background()); return s })) // without one it is refused, and tries again
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w := &follower{}
	if _, err := nc.Subscribe("live."+fleet.Room+".>", func(m *nats.Msg) { w.heard.add(m.Header.Get("Crier-UMID")) }); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.NewWithAPIPrefix(nc, "JS.crier.API")
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), "ROOMS", name)
	if err != nil {
		t.Fatal(err)
	}
	incoming, err := c.Consume(func(m jetstream.Msg) {
		w.followed.add(m.Headers().Get("Crier-UMID"))
		_ = m.Ack() // if it is lost, the message comes again
	}, jetstream.PullExpiry(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(incoming.Stop)
	return w
}

func followWithNode(t *testing.T, f *fleet.Fleet) *follower {
	t.Helper()
	name := makeConsumer(t, f, "javascript")
	token, err := f.Token(fleet.Publisher)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := newNodePeer(t, token, f.CAFile(), strings.TrimPrefix(f.Node(fleet.N1).NATS(), "tls://"), strings.TrimPrefix(f.Node(fleet.N2).NATS(), "tls://"))
	w := &follower{}
	for messages, log := range map[chan natsMessage]*arrivalsLog{p.heard: &w.heard, p.followed: &w.followed} {
		go func() {
			for m := range messages {
				log.add(strings.Join(m.Header["Crier-UMID"], ""))
			}
		}()
	}
	if err := p.listen("live." + fleet.Room + ".>"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ask(map[string]any{"do": "follow", "consumer": name}); err != nil {
		t.Fatal(err)
	}
	return w
}

// steadyPublisher publishes one message after the other, each until it is acknowledged.
type steadyPublisher struct {
	fleet    *fleet.Fleet
	mu       sync.Mutex
	accepted []string
}

// start publishes until it is stopped.
func (p *steadyPublisher) start(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	c := p.fleet.Client(fleet.Publisher, fleet.N2, fleet.N1)
	for worker := range 4 {
		done.Go(func() {
			for i := 0; ctx.Err() == nil; {
				r, err := c.Publish(ctx, fleet.Room, v1.Publish{
					TransactionID: fmt.Sprintf("steady-%d-%d", worker, i), Type: "reminder", Content: v1.Content{Text: "hello"},
				})
				if err != nil {
					continue // the same again
				}
				p.mu.Lock()
				p.accepted = append(p.accepted, r.UMID)
				p.mu.Unlock()
				i++
				pause(ctx, 10*time.Millisecond)
			}
		})
	}
	return func() { cancel(); done.Wait() }
}

// all are the messages that were acknowledged.
func (p *steadyPublisher) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.accepted)
}
