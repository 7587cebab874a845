package fanout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/fanout"
	"github.com/govcrier/crier/rooms/vault"
)

// ring is a vault whose keys change.
type ring struct{ atomic.Pointer[vault.Vault] }

func (r *ring) Seal(plain []byte, parts ...string) ([]byte, error) {
	return r.Load().Seal(plain, parts...)
}

func (r *ring) Unseal(sealed []byte, parts ...string) ([]byte, error) {
	return r.Load().Unseal(sealed, parts...)
}

// journal is what a planner has logged.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

// await waits for a word in it.
func (j *journal) await(t *testing.T, word string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(5 * time.Millisecond) {
		j.mu.Lock()
		log := j.b.String()
		j.mu.Unlock()
		if strings.Contains(log, word) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing of %q in the log:\n%s", word, log)
		}
	}
}

// planWithout starts a planner that has other keys than those that everything was sealed with.
func (h *house) planWithout(keys *ring) (log *journal, ended <-chan error) {
	h.t.Helper()
	other, err := vault.Generate()
	if err != nil {
		h.t.Fatal(err)
	}
	v, err := vault.Open(h.t.Context(), vault.Options{Keys: string(other)})
	if err != nil {
		h.t.Fatal(err)
	}
	keys.Store(v)
	log = &journal{}
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	p := fanout.New(h.log, keys, h.audit, alone{h}, slog.New(slog.NewTextHandler(log, nil)))
	over := make(chan error, 1)
	h.done.Go(func() { over <- p.Run(ctx) })
	return log, over
}

// A message that was sealed with a key which this node does not hold yet waits for it; so does
// what stands behind it.
func TestMessageWaitsForItsKey(t *testing.T) {
	h := newHouse(t)
	h.publish(1, phone(1), phone(2))
	var many []rooms.Contact
	for n := range rooms.PageSize + 1 {
		many = append(many, phone(n))
	}
	h.publish(2, many...)
	keys := &ring{}
	log, _ := h.planWithout(keys)
	log.await(t, "no such key")
	keys.Store(h.vault)
	for i, j := range h.jobs(2 + len(many)) {
		if want := umid(1 + min(i/2, 1)); j.UMID != want {
			t.Fatalf("job %d is of %s, want %s", i, j.UMID, want)
		}
	}
}

// A planner that waits for a key lets another node try.
func TestKeyMayBeElsewhere(t *testing.T) {
	h := newHouse(t)
	h.publish(1, phone(1))
	_, ended := h.planWithout(&ring{})
	if err := <-ended; !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("it ended with %v", err)
	}
}

// What no key opens is given up, and what has expired before its key came.
func TestUnreadableMessageIsGivenUp(t *testing.T) {
	h := newHouse(t)
	forge := func(m *rooms.Message) { m.Payload[len(m.Payload)-1] ^= 1 }
	expire := func(m *rooms.Message) { m.ExpiresAt = time.Now().Add(-time.Second) }
	h.publishAs(1, forge, phone(1))
	h.publish(2, phone(2))
	h.plan()
	if e := h.event(rooms.EventFailed, 1); e.Reason != rooms.Gone {
		t.Errorf("the forged one failed for %q", e.Reason)
	}
	h.jobs(1)
	h.halt()
	h.publishAs(3, expire, phone(3))
	h.planWithout(&ring{})
	if e := h.event(rooms.EventFailed, 3); e.Reason != rooms.Gone {
		t.Errorf("the expired one failed for %q", e.Reason)
	}
}

// Who plans after a stop has at once, and in order, what was in hand then.
func TestStoppedPlannerKeepsNothing(t *testing.T) {
	h := newHouse(t)
	for n := range 20 {
		h.publish(n, phone(n))
	}
	log, _ := h.planWithout(&ring{})
	log.await(t, "no such key")
	h.halt()
	h.publish(20, phone(20))
	began := time.Now()
	h.plan()
	for i, j := range h.jobs(21) {
		if j.UMID != umid(i) {
			t.Errorf("job %d is of %s", i, j.UMID)
		}
	}
	if took := time.Since(began); took > h.log.AckWait()/2 {
		t.Errorf("after %s", took)
	}
}

// A subscriber whose entry cannot be read is not reached; everybody else is, in his room and in
// others.
func TestUnreadableSubscriberStopsNobodyElse(t *testing.T) {
	for _, count := range []int{3, 1200} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			h := newHouse(t)
			h.subscribe(count)
			subs, _, err := h.subs.List(t.Context(), "newborn", 0, 2)
			if err != nil {
				t.Fatal(err)
			}
			nc := brokertest.Connect(t, h.server, "garble")
			if _, err := nc.Request(rooms.SubscriberSubject("newborn", subs[1].ID), []byte(`{"ch":[`), time.Second); err != nil {
				t.Fatal(err)
			}
			if n, err := h.log.EraseFormer(t.Context()); n != 1 || err != nil {
				t.Fatalf("%d entries were replaced, %v", n, err)
			}
			h.publish(1)
			h.publish(2, phone(5000))
			h.plan()
			h.jobs(count)
		})
	}
}
