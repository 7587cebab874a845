package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms/vault"
)

// devStore is the folder of a development gateway, with its keys beside it, never inside.
type devStore struct {
	store    string
	keyFile  string
	keysFile string
	secrets  map[string]string // of the clients, by id
	close    func() error      // removes what is temporary
}

// openDevStore makes what is missing. Without a folder everything is temporary. What is there and open to others is refused.
func openDevStore(folder string) (*devStore, error) {
	d := &devStore{store: filepath.Clean(folder), close: func() error { return nil }}
	if folder == "" {
		temporary, err := os.MkdirTemp("", "crier-dev-")
		if err != nil {
			return nil, err
		}
		d.store, d.close = filepath.Join(temporary, "store"), removeAll(temporary)
	}
	if err := checkFolder(d.store); err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.keyFile, d.keysFile = d.store+".key", d.store+".keys.json"
	if err := d.makeKeys(); err != nil {
		return nil, errors.Join(fmt.Errorf("keys of the store: %w", err), d.close())
	}
	return d, nil
}

// checkFolder refuses a folder that others may look into, if it is there already.
func checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("--store %s has mode %04o and is open to others; this mends it: chmod 0700 %[1]s", folder, info.Mode().Perm())
}

// makeKeys makes keys for a new store. It makes none for one that has been written: they would not be the right ones.
func (d *devStore) makeKeys() error {
	if err := os.MkdirAll(filepath.Dir(d.store), 0o700); err != nil {
		return err
	}
	if entries, err := os.ReadDir(d.store); len(entries) == 0 && unless(fs.ErrNotExist, err) == nil {
		if err := unless(fs.ErrExist, writeNew(d.keyFile, newStoreKey())); err != nil {
			return err
		}
		if err := unless(fs.ErrExist, vault.Create(d.keysFile)); err != nil {
			return err
		}
	}
	return d.readSecrets()
}

// unless leaves out an error of a kind that is as good as success.
func unless(kind, err error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// readSecrets reads the secrets of the clients, and makes those that are missing. They stay, so that scripts can go on.
func (d *devStore) readSecrets() error {
	file := d.store + ".clients.json"
	d.secrets = map[string]string{}
	data, err := readPrivate(file)
	if err == nil {
		err = json.Unmarshal(data, &d.secrets)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := len(d.secrets)
	for _, id := range []string{demoPublisher, demoReader, demoAdmin, demoAuditor, demoDPO} {
		d.secrets[id] = cmp.Or(d.secrets[id], rand.Text())
	}
	if len(d.secrets) == known {
		return nil
	}
	if data, err = json.Marshal(d.secrets, json.Deterministic(true)); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// readPrivate reads a file, unless group or others may read it too.
func readPrivate(file string) ([]byte, error) {
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, want 0600", file, info.Mode().Perm())
	}
	return os.ReadFile(file)
}
