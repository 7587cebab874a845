package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// house is a real log on a store that is not encrypted, so that a test can look for bytes in
// its files.
type house struct {
	t    *testing.T
	dir  string
	log  *stream.Log
	subs *registry.Subscribers
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	s, err := broker.Start(t.Context(), broker.Options{Store: h.store(), Node: "test", Encryption: "off"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if h.log, err = stream.Open(t.Context(), s, s.Manifest(), stream.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.log.Close)
	if err := vault.Create(h.keys()); err != nil {
		t.Fatal(err)
	}
	h.openKeys()
	return h
}

func (h *house) store() string { return filepath.Join(h.dir, "store") }
func (h *house) keys() string  { return filepath.Join(h.dir, "keys.json") }

// openKeys reads the keys as they are now, as a node does when it starts.
func (h *house) openKeys() *vault.Vault {
	h.t.Helper()
	v, err := vault.Open(h.t.Context(), vault.Options{KeysFile: h.keys()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.subs = registry.NewSubscribers(h.log, v)
	return v
}

// onDisk says whether a file of the store holds the bytes.
func (h *house) onDisk(b []byte) bool {
	h.t.Helper()
	found := false
	err := filepath.WalkDir(h.store(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, b)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

// rooms is a registry that follows the log until the test ends.
func (h *house) rooms() *registry.Rooms {
	h.t.Helper()
	r := registry.NewRooms(h.log)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, h.log) }()
	h.t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			h.t.Errorf("following the rooms ended with %v", err)
		}
	})
	<-r.Ready()
	return r
}

func phone(t *testing.T, n int) rooms.Contact {
	t.Helper()
	a, err := rooms.ParsePhone(fmt.Sprintf("+99655%07d", n))
	if err != nil {
		t.Fatal(err)
	}
	return rooms.Contact{Channel: rooms.SMS, Address: a}
}

func email(t *testing.T, s string) rooms.Contact {
	t.Helper()
	a, err := rooms.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return rooms.Contact{Channel: rooms.Email, Address: a}
}
