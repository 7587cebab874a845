package registry_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// TestRekeyOnACluster: one node has not promoted the keys yet, and a person who subscribes there is found; another node is
// lost while subscribers are moved; nobody is.
func TestRekeyOnACluster(t *testing.T) {
	const people = 40
	c := brokertest.StartCluster(t, broker.Cluster)
	h := &house{t: t, dir: t.TempDir()}
	if err := vault.Create(h.keys()); err != nil {
		t.Fatal(err)
	}
	logs := make([]*stream.Log, len(c.Servers))
	for i, s := range c.Servers {
		var err error
		if logs[i], err = stream.Open(t.Context(), s, s.Manifest(), stream.Options{Replicas: c.Options[i].Replicas()}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(logs[i].Close)
	}
	h.log = logs[0]
	h.openKeys()
	contacts, want := h.people(people)
	added, err := vault.AddKey(h.keys())
	if err != nil {
		t.Fatal(err)
	}
	behind := registry.NewSubscribers(logs[1], h.openKeys())
	for _, id := range []uint32{added.AEAD, added.Hash} {
		if err := vault.Promote(h.keys(), id); err != nil {
			t.Fatal(err)
		}
	}
	v := h.openKeys()

	ctx, stop := context.WithCancel(t.Context())
	var again sync.WaitGroup
	again.Go(func() {
		for ctx.Err() == nil {
			if added, _, err := behind.AddMany(ctx, "newborn", contacts); ctx.Err() == nil && (err != nil || added > 0) {
				t.Logf("the node that is behind added %d: %v", added, err)
			}
		}
	})
	again.Go(func() {
		logs[2].Close()
		c.Servers[2].Stop()
	})
	for end := time.Now().Add(time.Minute); ; {
		if _, err := h.mover(logs[0], v).Pass(t.Context()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	stop()
	again.Wait()
	h.pass(logs[0], v) // who came in under the former key meanwhile
	h.everybodyIs(want, contacts, v)
	h.everybodyIs(want, contacts, h.retire())
}
