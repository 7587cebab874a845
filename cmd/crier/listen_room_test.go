package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// listener is a client that listens over restarts of the gateway.
type listener struct {
	mu  sync.Mutex
	got []string // transaction ids, as the texts say
}

func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

// listen takes messages until ctx ends; token is asked for anew with each connection.
func (l *listener) listen(ctx context.Context, server string, token func() string, o client.StreamOptions) error {
	c := client.New(client.Options{Servers: []string{server}, RetryFor: time.Minute,
		Token: func(context.Context) (string, error) { return token(), nil }})
	for e, err := range c.Stream(ctx, demoRoom, o) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case e.Gap > 0:
			return fmt.Errorf("a gap before %d", e.Gap)
		}
		l.mu.Lock()
		l.got = append(l.got, string(e.Content))
		l.mu.Unlock()
	}
	return nil
}

// Several listen while messages are published and the gateway is restarted twice. Each gets all, once and in order.
func TestListenersMissNothingOverRestarts(t *testing.T) {
	t.Parallel() // most of it is waiting
	h := newLocal(t)
	u, err := url.Parse(h.API)
	if err != nil {
		t.Fatal(err)
	}
	h.flag.address = u.Host // the same after each restart
	var mu sync.Mutex
	token := h.Token
	current := func() string {
		mu.Lock()
		defer mu.Unlock()
		return token
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var listeners [8]listener
	var all sync.WaitGroup
	for i := range listeners {
		all.Go(func() {
			if err := listeners[i].listen(ctx, h.API, current, client.StreamOptions{Resume: true}); err != nil {
				t.Errorf("listener %d, after %d messages: %v", i, len(listeners[i].heard()), err)
			}
		})
	}
	var want []string
	for restarts := range 3 {
		if restarts > 0 {
			mu.Lock() // the issuer begins anew too, so nobody gets an old token meanwhile
			h.stop()
			h.start()
			token = h.Token
			mu.Unlock()
		}
		for n := range 100 {
			text := fmt.Sprintf("%d-%d", restarts, n)
			if _, err := h.client().Publish(t.Context(), h.Room, v1.Publish{TransactionID: text, Type: "reminder", Content: v1.Text{Text: text}}); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprintf(`{"text":%q}`, text))
		}
	}
	for i := range listeners {
		await(t, busyFor, func() string {
			if got := listeners[i].heard(); len(got) < len(want) {
				return fmt.Sprintf("listener %d has %d messages of %d", i, len(got), len(want))
			}
			return ""
		})
	}
	cancel()
	all.Wait()
	for i := range listeners {
		if got := listeners[i].heard(); !slices.Equal(got, want) {
			t.Errorf("listener %d got %d messages, or others than the %d that were published", i, len(got), len(want))
		}
	}
}
