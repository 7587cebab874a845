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
	for i, o := range c.Options {
		if !holds(t, o.Store, secret) {
			t.Errorf("node %d has nothing on disk: the test would prove nothing", i+1)
		}
	}
	if err := stream.SecureDeleteMsg(t.Context(), ack.Sequence); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		if err = c.Servers[0].Compact(ctx, "THINGS"); err == nil || ctx.Err() != nil {
			break // a busy machine may be slow
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range c.Options {
		if holds(t, o.Store, secret) {
			t.Errorf("node %d has it on disk", i+1)
		}
	}
	c.Servers[2].Stop()
	if err := c.Servers[0].Compact(ctx, "THINGS"); err == nil {
		t.Error("it is said of a node that is away")
	}
}

// A single node has no RAFT logs.
func TestSingleNodeHasNothingToCompact(t *testing.T) {
	if err := brokertest.Start(t).Compact(t.Context(), "THINGS"); err != nil {
		t.Error(err)
	}
}
