// Package brokertest starts real servers for tests: a store in the test's own folder, no
// port, ready in milliseconds, stopped when the test ends.
package brokertest

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/broker"
)

// Key is the storage key of every test server.
const Key = "a storage key that only tests use, 32+"

// Start runs a server on a new store.
func Start(tb testing.TB) *broker.Server {
	tb.Helper()
	return StartAt(tb, filepath.Join(tb.TempDir(), "store"))
}

// StartAt runs a server on the store in dir, so that a test can stop and start it again.
func StartAt(tb testing.TB, dir string) *broker.Server {
	tb.Helper()
	s, err := broker.Start(context.Background(), broker.Options{Store: dir, Node: "test", Key: Key})
	if err != nil {
		tb.Fatalf("start the broker: %v", err)
	}
	tb.Cleanup(s.Stop)
	if err := s.Ready(context.Background()); err != nil {
		tb.Fatalf("the broker is not ready: %v", err)
	}
	return s
}

// Connect gives a connection that ends with the test.
func Connect(tb testing.TB, s *broker.Server, name string) *nats.Conn {
	tb.Helper()
	nc, err := s.Connect(name)
	if err != nil {
		tb.Fatalf("connect to the broker: %v", err)
	}
	tb.Cleanup(nc.Close)
	return nc
}
