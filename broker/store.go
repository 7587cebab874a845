package broker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Errors for which a store is not opened.
var (
	ErrInUse      = errors.New("broker: another process uses this store")
	ErrWrongKey   = errors.New("broker: the key is not the one that this store was written with")
	ErrNoManifest = errors.New("broker: the store holds data but no manifest; restore manifest.json or start with an empty folder")
	ErrMissing    = errors.New("broker: the store lacks streams that its manifest names")
)

const (
	manifestFile = "manifest.json"
	lockFile     = "lock"
	dataFolder   = "jetstream" // where nats-server keeps its data below its store folder
)

// Manifest names the streams that a store must hold, so that a wrong key or a lost folder is
// seen as such and not taken for a new node.
type Manifest struct {
	mu   sync.Mutex
	path string
	manifest
}

type manifest struct {
	Salt    []byte   `json:"salt"`     // of KeyHash
	KeyHash []byte   `json:"keyCheck"` // HMAC-SHA-256 of Salt under the key; empty where encryption is off
	Streams []string `json:"streams"`
}

// Add records that a stream exists. It returns once the manifest is on disk.
func (m *Manifest) Add(stream string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.Streams, stream) {
		return nil
	}
	m.Streams = append(m.Streams, stream)
	return m.write()
}

// Has says whether the store must hold the stream.
func (m *Manifest) Has(stream string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.Streams, stream)
}

// openManifest reads the manifest of a store, or begins one for an empty store.
func openManifest(store, key string) (*Manifest, error) {
	m := &Manifest{path: filepath.Join(store, manifestFile)}
	b, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, m.begin(store, key)
	case err != nil:
		return nil, fmt.Errorf("broker: read the manifest: %w", err)
	}
	if err := json.Unmarshal(b, &m.manifest); err != nil {
		return nil, fmt.Errorf("broker: the manifest is not readable: %w", err)
	}
	if !hmac.Equal(m.KeyHash, keyHash(m.Salt, key)) {
		return nil, ErrWrongKey
	}
	return m, nil
}

func (m *Manifest) begin(store, key string) error {
	if entries, err := os.ReadDir(filepath.Join(store, dataFolder)); err == nil && len(entries) > 0 {
		return ErrNoManifest
	}
	m.Salt = make([]byte, 16)
	rand.Read(m.Salt)
	m.KeyHash = keyHash(m.Salt, key)
	return m.write()
}

func keyHash(salt []byte, key string) []byte {
	if key == "" {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("crier key check"))
	mac.Write(salt)
	return mac.Sum(nil)
}

// write replaces the manifest as a whole, durably.
func (m *Manifest) write() error {
	b, err := json.MarshalIndent(m.manifest, "", "  ")
	if err != nil {
		return err
	}
	temp := m.path + ".new"
	if err := writeSynced(temp, b); err != nil {
		return fmt.Errorf("broker: write the manifest: %w", err)
	}
	if err := os.Rename(temp, m.path); err != nil {
		return fmt.Errorf("broker: write the manifest: %w", err)
	}
	return syncFolder(filepath.Dir(m.path))
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, errW := f.Write(b)
	return errors.Join(errW, f.Sync(), f.Close())
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lock keeps other processes out of the store until the file is closed.
func lock(store string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(store, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("broker: lock the store: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, ErrInUse
	}
	return f, nil
}

// within says whether a path lies below a folder.
func within(path, folder string) bool {
	p, errP := filepath.Abs(path)
	f, errF := filepath.Abs(folder)
	if errP != nil || errF != nil {
		return false
	}
	rel, err := filepath.Rel(f, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
