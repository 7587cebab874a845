package broker_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

// holds says whether a file below a folder holds some bytes. Files may go while it looks.
func holds(t *testing.T, folder string, b []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var data []byte
			data, err = os.ReadFile(path)
			found = found || bytes.Contains(data, b)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// retried calls fn until it succeeds, for two minutes: a busy machine may be slow.
func retried(t *testing.T, fn func() error) error {
	t.Helper()
	end := time.Now().Add(2 * time.Minute)
	for {
		err := fn()
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// What has been erased is gone from the disk of every node once the RAFT logs are compacted, of which nothing is said while
// a node is away.
func TestErasedLeavesEveryNode(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.NewCluster(t, broker.Cluster)
	for i := range c.Options {
		c.Options[i].Key, c.Options[i].Encryption = "", "off"
	}
	c.StartAll(t)
	js := replicated(t, c.Servers[0])
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "THINGS", Subjects: []string{"thing.>"}, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	secret := []byte(hex.EncodeToString(random))
	ack, err := js.Publish(t.Context(), "thing.secret", secret)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := js.Publish(t.Context(), fmt.Sprintf("thing.%d", i), []byte("another")); err != nil {
			t.Fatal(err)
		}
	}
	everywhere := func() error { // it is acknowledged when two have it
		for i, o := range c.Options {
			if !holds(t, o.Store, secret) {
				return fmt.Errorf("node %d has nothing on disk: the test would prove nothing", i+1)
			}
		}
		return nil
	}
	if err := retried(t, everywhere); err != nil {
		t.Fatal(err)
	}
	if err := stream.SecureDeleteMsg(t.Context(), ack.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := retried(t, func() error { return c.Servers[0].Compact(t.Context(), "THINGS") }); err != nil {
		t.Fatal(err)
	}
	for i, o := range c.Options {
		if holds(t, o.Store, secret) {
			t.Errorf("node %d has it on disk", i+1)
		}
	}
	c.Servers[2].Stop()
	if err := c.Servers[0].Compact(t.Context(), "THINGS"); err == nil {
		t.Error("it is said of a node that is away")
	}
}

// A single node has no RAFT logs.
func TestSingleNodeHasNothingToCompact(t *testing.T) {
	if err := brokertest.Start(t).Compact(t.Context(), "THINGS"); err != nil {
		t.Error(err)
	}
}

// Only the nodes that hold a stream are waited for, whoever answers first.
func TestCompactWithMoreNodesThanReplicas(t *testing.T) {
	t.Parallel()
	c := brokertest.StartCluster(t, broker.Cluster)
	js := replicated(t, c.Servers[0])
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "PAIRS", Subjects: []string{"pair.>"}, Replicas: 2})
	if err != nil {
		t.Fatal(err)
	}
	info := stream.CachedInfo().Cluster
	if len(info.Replicas) != 1 {
		t.Fatal(info)
	}
	for i, o := range c.Options {
		if o.Node == info.Leader || o.Node == info.Replicas[0].Name {
			continue
		}
		for n := range 5 {
			if _, err := js.Publish(t.Context(), fmt.Sprintf("pair.%d", n), []byte("one")); err != nil {
				t.Fatal(err)
			}
			err := retried(t, func() error {
				err := c.Servers[i].Compact(t.Context(), "PAIRS")
				if err != nil && strings.Contains(err.Error(), "this node is not in") {
					t.Fatal(err)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A stream that is written to without a pause forgets as well, once its log needs another file.
func TestErasedLeavesABusyStream(t *testing.T) {
	t.Parallel()
	c := brokertest.NewCluster(t, broker.Cluster)
	for i := range c.Options {
		c.Options[i].Key, c.Options[i].Encryption = "", "off"
	}
	c.StartAll(t)
	js := replicated(t, c.Servers[0])
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "BUSY", Subjects: []string{"busy.>"}, Replicas: 3, MaxMsgsPerSubject: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(rand.Text() + rand.Text())
	ack, err := js.Publish(t.Context(), "busy.secret", secret)
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	defer writers.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 8 {
		writers.Go(func() {
			for ctx.Err() == nil {
				_, _ = js.Publish(ctx, "busy.other", make([]byte, 4096))
			}
		})
	}
	if err := stream.SecureDeleteMsg(t.Context(), ack.Sequence); err != nil {
		t.Fatal(err)
	}
	if err := retried(t, func() error { return c.Servers[0].Compact(t.Context(), "BUSY") }); err != nil {
		t.Fatal(err)
	}
	for i, o := range c.Options {
		if holds(t, o.Store, secret) {
			t.Errorf("node %d has it on disk", i+1)
		}
	}
}
