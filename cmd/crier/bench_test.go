package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/govcrier/crier/api/oidc/devissuer"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// benchTokens is how many clients with a token of their own publish.
const benchTokens = 64

const benchRoom = "bench"

// bench is a gateway under measurement: encryption on, everything on disk before it is answered,
// audit on, index folding, real tokens, sandbox channels.
type bench struct {
	app     *App
	crew    *crew
	store   *store
	know    *knowledge
	address string
	tokens  []string
}

// startBench starts a gateway in this process. Without fan-out nothing is planned and nothing is
// sent: what is measured then is acceptance alone.
func startBench(b *testing.B, fanout bool, set ...string) *bench {
	b.Helper()
	before := runtime.GOMAXPROCS(0)
	useCores(os.Getenv)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
	log := slog.New(slog.DiscardHandler)
	m := &bench{crew: newCrew(log)}
	b.Cleanup(func() { _ = m.crew.stop() })
	conf := benchConfig(b, set...)
	m.issue(b, &conf)
	m.app = newApp(conf, log)
	if err := m.start(b.Context(), fanout); err != nil {
		b.Fatal(err)
	}
	m.address = m.app.listeners[0].Addr().String()
	m.room(b)
	return m
}

// benchConfig is that of a developer's node with a store of its own.
func benchConfig(b *testing.B, set ...string) config.Config {
	b.Helper()
	home, err := openDevStore(filepath.Join(b.TempDir(), "store"))
	if err != nil {
		b.Fatal(err)
	}
	conf, err := devConfig(home, devFlags{address: "127.0.0.1:0", set: append(set, "sandbox.receipts=none")})
	if err != nil {
		b.Fatal(err)
	}
	return conf
}

// issue starts an identity provider and draws the tokens.
func (m *bench) issue(b *testing.B, conf *config.Config) {
	b.Helper()
	listeners, err := listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var known []devissuer.Client
	for n := range benchTokens {
		known = append(known, devissuer.Client{ID: fmt.Sprintf("ministry-%d", n), Secret: "a secret for a benchmark"})
	}
	issuer, err := devissuer.New(urlOf("http", listeners), devissuer.Options{Clients: known, TokenLifetime: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	m.crew.run("issuer", func(ctx context.Context) error { return serveAll(ctx, listeners, servePlain(issuer)) })
	conf.OIDC.Issuer = issuer.URL()
	for _, c := range known {
		token, err := issuer.Token(c.ID, time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		m.tokens = append(m.tokens, token)
	}
}

// start is App.start with the delivery left out on demand.
func (m *bench) start(ctx context.Context, fanout bool) (err error) {
	if m.store, err = m.app.openStore(ctx, m.crew); err != nil {
		return err
	}
	if m.know, err = m.app.openKnowledge(ctx, m.crew, m.store); err != nil {
		return err
	}
	if fanout {
		if err := m.app.startDelivery(ctx, m.crew, m.store, m.know); err != nil {
			return err
		}
	}
	return m.app.open(ctx, m.crew, m.store, m.know)
}

func (m *bench) room(b *testing.B) {
	b.Helper()
	c := rooms.RoomConfig{Name: benchRoom}
	for n := range benchTokens {
		c.Publishers = append(c.Publishers, rooms.Publisher{Client: rooms.Client(fmt.Sprintf("ministry-%d", n)), Direct: true})
	}
	if _, err := m.know.rooms.Create(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	eventually(b, time.Minute, func() string {
		if err := m.know.Ready(b.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
}

// publisher gives a client of the API with the next token, which publishes to one named person.
func (m *bench) publisher(b *testing.B, n int) func(call int) error {
	w := m.wire(b, n)
	return func(call int) error {
		return w.post(fmt.Sprintf(`{"transactionId":"t-%d-%d","type":"reminder","content":{"text":"%s"},"recipients":[{"phone":"+9998%08d"}]}`, n, call, benchText, call))
	}
}

// toAll gives one that publishes to all subscribers.
func (m *bench) toAll(b *testing.B, n int) func(call int) error {
	w := m.wire(b, n)
	return func(call int) error {
		return w.post(fmt.Sprintf(`{"transactionId":"a-%d-%d","type":"reminder","content":{"text":"%s"}}`, n, call, benchText))
	}
}

func (m *bench) wire(b *testing.B, n int) *wire {
	return dialWire(b, m.address, (&url.URL{Path: "/v1/rooms/" + benchRoom + "/messages"}).String(), m.tokens[n%benchTokens])
}

// folded waits until the index has folded the log to its end and says how long that took.
func (m *bench) folded(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	if err := m.know.Wait(ctx); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
