package client_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

func TestPublishTurnsToTheNext(t *testing.T) {
	for name, fail := range faults() {
		t.Run(name, func(t *testing.T) {
			c, home, other := pair(t, plain)
			fail(home)
			began := time.Now()
			got, err := c.Publish(t.Context(), "newborn", message())
			if err != nil || got.UMID != "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M" {
				t.Fatalf("got %v, %v", got, err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if n := other.count(); n != 1 {
				t.Errorf("the other was asked %d times, want once", n)
			}
			before := home.count()
			if _, err := c.Publish(t.Context(), "newborn", message()); err != nil {
				t.Fatal(err)
			}
			if home.count() != before || other.count() != 2 {
				t.Error("the next publish began with the one that had failed")
			}
		})
	}
}

// A server that has acted before its answer was lost gets no say: the other one is sent the same transaction id in the same
// bytes, which is how the gateway recognises it.
func TestAnswerLostAfterTheServerActed(t *testing.T) {
	for name, start := range transports() {
		t.Run(name, func(t *testing.T) {
			c, home, other := pair(t, start)
			home.set(breakOff)
			if _, err := c.Publish(t.Context(), "newborn", message()); err != nil {
				t.Fatal(err)
			}
			first, second := home.arrived(), other.arrived()
			if len(first) == 0 || len(second) != 1 || first[0] != second[0] || !strings.Contains(first[0], `"transactionId":"tx-1"`) {
				t.Errorf("one got %q, the other %q", first, second)
			}
		})
	}
}

func TestReadsTurnToTheNext(t *testing.T) {
	for name, fail := range faults() {
		t.Run(name, func(t *testing.T) {
			c, home, other := pair(t, plain)
			fail(home)
			if _, err := c.Room(t.Context(), "newborn"); err != nil {
				t.Fatal(err)
			}
			if n := other.count(); n != 1 {
				t.Errorf("the other was asked %d times, want once", n)
			}
		})
	}
}

func TestReadsAskEachServerOnce(t *testing.T) {
	c, home, other := pair(t, plain)
	faults()["503"](home)
	faults()["503"](other)
	var p *client.Problem
	if _, err := c.Room(t.Context(), "newborn"); !errors.As(err, &p) || p.Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	if home.count() != 1 || other.count() != 1 {
		t.Errorf("asked %d and %d times, want once each", home.count(), other.count())
	}
}

// A room is created once or an error is given, unless nothing can have been sent.
func TestWhatMayNotHappenTwice(t *testing.T) {
	for how, start := range transports() {
		for name, fail := range faults() {
			if name == "hangs" {
				continue // costs the whole Timeout, and is an error
			}
			t.Run(how+"/"+name, func(t *testing.T) {
				c, home, other := pair(t, start)
				fail(home)
				_, err := c.CreateRoom(t.Context(), v1.NewRoom{Name: "newborn"})
				if created := err == nil; created != (name == "dead") || (other.count() == 1) != created {
					t.Errorf("got %v, the other was asked %d times", err, other.count())
				}
			})
		}
	}
}

func TestMachineWithoutPowerCostsLittle(t *testing.T) {
	a, b := newPeer(t, plain), newPeer(t, plain)
	h := trusting(a, b)
	swallow(h, a)
	for range 4 { // so that one that prefers the dead one is among them, in all likelihood
		c := client.New(client.Options{Servers: []string{a.URL, b.URL}, HTTPClient: h, AttemptTimeout: 200 * time.Millisecond})
		began := time.Now()
		if _, err := c.CreateRoom(t.Context(), v1.NewRoom{Name: "newborn"}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("took %s", took)
		}
	}
}

func TestUploadGoesWhereThereIsSomebody(t *testing.T) {
	const rows = "{\"email\":\"a@example.com\"}\n{\"email\":\"b@example.com\"}\n"
	c, home, other := pair(t, plain)
	faults()["dead"](home)
	sums, err := c.AddSubscribers(t.Context(), "newborn", strings.NewReader(rows), client.Upload{})
	if err != nil || sums.Added != 2 {
		t.Fatalf("got %v, %v", sums, err)
	}
	if got := other.arrived(); len(got) != 1 || got[0] != rows {
		t.Errorf("the other got %q", got)
	}
	other.set(breakOff)
	if _, err := c.AddSubscribers(t.Context(), "newborn", strings.NewReader(rows), client.Upload{}); err == nil {
		t.Error("an upload that broke off is no error")
	}
	if n := other.count(); n != 2 {
		t.Errorf("uploaded %d times, want twice", n)
	}
}

func TestHandshakeThatFails(t *testing.T) {
	bad, good := newPeer(t, old), newPeer(t, transports()["HTTP/2"])
	h := trusting(good)
	for range 8 { // so that one that prefers the bad one is among them, in all likelihood
		c := client.New(client.Options{Servers: []string{bad.URL, good.URL}, HTTPClient: h})
		if _, err := c.Publish(t.Context(), "newborn", message()); err != nil {
			t.Error(err)
		}
		if _, err := client.New(client.Options{Servers: []string{bad.URL, good.URL}, HTTPClient: h}).CreateRoom(t.Context(), v1.NewRoom{Name: "newborn"}); err != nil {
			t.Error(err)
		}
	}
	if n := good.count(); n != 16 {
		t.Errorf("the good one was asked %d times, want 16", n)
	}
}

// Many publish at once while one server after the other dies and comes back with nothing in mind: each message is
// accepted, and under one transaction id only one request was ever seen.
func TestManyPublishWhileServersFail(t *testing.T) {
	peers := []*peer{newPeer(t, plain), newPeer(t, plain), newPeer(t, plain)}
	c := client.New(client.Options{
		Servers: []string{peers[0].URL, peers[1].URL, peers[2].URL}, AttemptTimeout: 300 * time.Millisecond,
		Token: client.Static(rooms.NewSecret("t0ken")),
	})
	var wg sync.WaitGroup
	for n := range 300 {
		wg.Go(func() {
			m := message()
			m.TransactionID = "tx-" + strconv.Itoa(n)
			if _, err := c.Publish(t.Context(), "newborn", m); err != nil {
				t.Error(err)
			}
		})
		switch n {
		case 50:
			peers[0].set(peers[0].hang)
		case 100:
			peers[1].set(breakOff)
		case 200:
			faults()["dead"](peers[1])
		}
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, p := range peers {
		for _, body := range p.arrived() {
			seen[body] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("%d different requests were seen, want 300", len(seen))
	}
}

func TestClientsSpread(t *testing.T) {
	a, b := newPeer(t, plain), newPeer(t, plain)
	for range 64 {
		c := client.New(client.Options{Servers: []string{a.URL, b.URL}, HTTPClient: trusting(a)})
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if a.count() < 8 || b.count() < 8 {
		t.Errorf("one was asked %d times, the other %d", a.count(), b.count())
	}
}

func TestServersMustAllBeGood(t *testing.T) {
	for _, servers := range [][]string{nil, {""}, {"https://n1.example.org", "http://n2.example.org"}} {
		if err := client.New(client.Options{Servers: servers}).Ready(t.Context()); !errors.Is(err, client.ErrServer) {
			t.Errorf("%q: %v", servers, err)
		}
	}
}
