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
	ErrTopology   = errors.New("broker: the store was begun by a single node and cannot join others, or the reverse; start with an empty folder")
	ErrOwner      = errors.New("broker: the store belongs to another node")
	ErrForgotten  = errors.New("broker: the store is empty, but the cluster knows a node of this name, which must not forget what it has voted for; bring its store back, or run `crier cluster remove` on another node first")
	ErrDisagree   = errors.New("broker: the nodes are configured differently")
)

const (
	manifestFile = "manifest.json"
	lockFile     = "lock"
	dataFolder   = "jetstream" // where nats-server keeps its data below its store folder
)

// Manifest names the streams that a store must hold, so that a wrong key or a lost folder is
// seen as such and not taken for a new node.
type Manifest struct {
	mu    sync.Mutex
	path  string
	empty bool // the store held no data when it was opened
	manifest
}

type manifest struct {
	Salt     []byte   `json:"salt"`     // of KeyHash
	KeyHash  []byte   `json:"keyCheck"` // HMAC-SHA-256 of Salt under the key; empty where encryption is off
	Streams  []string `json:"streams"`
	Node     string   `json:"node,omitempty"`     // who wrote the store
	Topology string   `json:"topology,omitempty"` // Single if it says nothing
	Joined   bool     `json:"joined,omitempty"`   // has been one of a majority
	Alone    bool     `json:"alone,omitempty"`    // was promoted, and its peer has not come back yet
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

// hasJoined says whether the node has ever been one of a majority.
func (m *Manifest) hasJoined() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Joined
}

// joined notes that the node has been one of a majority.
func (m *Manifest) joined() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Joined {
		return nil
	}
	m.Joined = true
	return m.write()
}

func (m *Manifest) isAlone() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Alone
}

// setAlone notes that the node goes on without its peer, or no longer.
func (m *Manifest) setAlone(alone bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Alone == alone {
		return nil
	}
	m.Alone = alone
	return m.write()
}

// names lists the streams.
func (m *Manifest) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.Streams)
}

// openManifest reads the manifest of a store, or begins one for an empty store.
func openManifest(o Options, key string) (*Manifest, error) {
	m := &Manifest{path: filepath.Join(o.Store, manifestFile), empty: true}
	if entries, err := os.ReadDir(filepath.Join(o.Store, dataFolder)); err == nil && len(entries) > 0 {
		m.empty = false
	}
	b, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, m.begin(o, key)
	case err != nil:
		return nil, fmt.Errorf("broker: read the manifest: %w", err)
	}
	if err := json.Unmarshal(b, &m.manifest); err != nil {
		return nil, fmt.Errorf("broker: the manifest is not readable: %w", err)
	}
	return m, errors.Join(m.checkKey(key), m.checkOwner(o))
}

func (m *Manifest) checkKey(key string) error {
	if !hmac.Equal(m.KeyHash, keyHash(m.Salt, key)) {
		return ErrWrongKey
	}
	return nil
}

// checkOwner keeps a store from being opened as something else than it is: RAFT counts on a
// node to remember what it has voted for, and a server that joins others removes what they do
// not know.
func (m *Manifest) checkOwner(o Options) error {
	if single := m.Topology == "" || m.Topology == Single; single != !o.clustered() {
		return ErrTopology
	}
	if o.clustered() && m.Node != o.Node {
		return fmt.Errorf("%w: it is %s's", ErrOwner, m.Node)
	}
	return nil
}

func (m *Manifest) begin(o Options, key string) error {
	if !m.empty {
		return ErrNoManifest
	}
	m.Salt = make([]byte, 16)
	rand.Read(m.Salt)
	m.KeyHash = keyHash(m.Salt, key)
	m.Node, m.Topology = o.Node, o.Topology
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
