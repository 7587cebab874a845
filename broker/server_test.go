package broker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

func filled(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s := brokertest.StartAt(t, dir)
	js, err := jetstream.New(brokertest.Connect(t, s, "test"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "THINGS", Subjects: []string{"thing.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "thing.a", []byte("needle in the store")); err != nil {
		t.Fatal(err)
	}
	if err := s.Manifest().Add("THINGS"); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	return dir
}

func start(t *testing.T, o broker.Options) error {
	t.Helper()
	s, err := broker.Start(context.Background(), o)
	if err != nil {
		return err
	}
	defer s.Stop()
	return s.Ready(context.Background())
}

func TestStoreOpensAgainWithItsKey(t *testing.T) {
	dir := filled(t)
	if err := start(t, broker.Options{Store: dir, Key: brokertest.Key}); err != nil {
		t.Fatal(err)
	}
}

func TestWrongKeyIsRefused(t *testing.T) {
	dir := filled(t)
	if err := start(t, broker.Options{Store: dir, Key: brokertest.Key + "?"}); !errors.Is(err, broker.ErrWrongKey) {
		t.Fatalf("wrong key: %v", err)
	}
	if err := start(t, broker.Options{Store: dir, Encryption: "off"}); !errors.Is(err, broker.ErrWrongKey) {
		t.Fatalf("no key: %v", err)
	}
}

func TestMissingManifestIsRefused(t *testing.T) {
	dir := filled(t)
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	if err := start(t, broker.Options{Store: dir, Key: brokertest.Key}); !errors.Is(err, broker.ErrNoManifest) {
		t.Fatalf("no manifest: %v", err)
	}
}

func TestMissingStreamIsRefused(t *testing.T) {
	dir := filled(t)
	if err := os.RemoveAll(filepath.Join(dir, "jetstream", "CORE", "streams", "THINGS")); err != nil {
		t.Fatal(err)
	}
	if err := start(t, broker.Options{Store: dir, Key: brokertest.Key}); !errors.Is(err, broker.ErrMissing) {
		t.Fatalf("lost stream: %v", err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	brokertest.StartAt(t, dir)
	if err := start(t, broker.Options{Store: dir, Key: brokertest.Key}); !errors.Is(err, broker.ErrInUse) {
		t.Fatalf("store in use: %v", err)
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	faults := broker.Options{Node: "a.b", Cipher: "rot13", Durability: "perhaps", MaxStore: -1}.Check()
	if len(faults) != 6 {
		t.Errorf("%d faults, want store, node, cipher, durability, maxStore and key: %v", len(faults), faults)
	}
	inside := broker.Options{Store: "/srv/crier", KeyFile: "/srv/crier/key"}.Check()
	if len(inside) != 1 {
		t.Errorf("a key inside the store must be refused: %v", inside)
	}
}
