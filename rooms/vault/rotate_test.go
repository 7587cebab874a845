package vault_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func added(t *testing.T, path string) vault.Added {
	t.Helper()
	a, err := vault.AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func promoted(t *testing.T, path string, ids ...uint32) {
	t.Helper()
	for _, id := range ids {
		if err := vault.Promote(path, id); err != nil {
			t.Fatal(err)
		}
	}
}

func mustUnseal(t *testing.T, name string, v *vault.Vault, box []byte) {
	t.Helper()
	if got, err := v.Unseal(box, "room"); err != nil || string(got) != "secret" {
		t.Errorf("%s: %v", name, err)
	}
}

// TestRotation walks three nodes' worth of states: before, key added, promoted.
func TestRotation(t *testing.T) {
	path := created(t)
	o := vault.Options{KeysFile: path}
	before := opened(t, o)
	ids := added(t, path)
	middle := opened(t, o)
	promoted(t, path, ids.AEAD, ids.Hash)
	after := opened(t, o)

	mustUnseal(t, "old data, key added", middle, sealed(t, before, "secret", "room"))
	mustUnseal(t, "old data, promoted", after, sealed(t, before, "secret", "room"))
	mustUnseal(t, "new data, key added", middle, sealed(t, after, "secret", "room"))
	mustUnseal(t, "still old key", before, sealed(t, middle, "secret", "room"))
	if _, err := before.Unseal(sealed(t, after, "secret", "room"), "room"); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("promoted before all nodes hold it: %v", err)
	}
	hashesAcross(t, before, middle, after)
	macsAcross(t, before, middle, after)
	alone(t, path)
}

func hashesAcross(t *testing.T, before, middle, after *vault.Vault) {
	t.Helper()
	if middle.Hash("p", "x") != before.Hash("p", "x") {
		t.Error("an added key already hashes")
	}
	if after.Hash("p", "x") == before.Hash("p", "x") {
		t.Error("a promoted key does not hash")
	}
	all := after.HashAll("p", "x")
	if len(all) != 2 || all[0] != after.Hash("p", "x") || !slices.Contains(all, before.Hash("p", "x")) {
		t.Errorf("HashAll after the change: %q", all)
	}
	if !slices.Contains(middle.HashAll("p", "x"), after.Hash("p", "x")) {
		t.Error("a node with the key added does not find new hashes")
	}
}

func macsAcross(t *testing.T, before, middle, after *vault.Vault) {
	t.Helper()
	data := []byte("data")
	for _, v := range []*vault.Vault{middle, after} {
		for _, mac := range []string{before.MAC("p", data), after.MAC("p", data)} {
			if !v.VerifyMAC(mac, "p", data) || !slices.Contains(v.MACAll("p", data), mac) {
				t.Error("a MAC across the change is refused")
			}
		}
	}
	if before.VerifyMAC(after.MAC("p", data), "p", data) {
		t.Error("a MAC of an unknown key is accepted")
	}
}

func TestPromoteTouchesOneKeyset(t *testing.T) {
	path := created(t)
	o := vault.Options{KeysFile: path}
	before, ids := opened(t, o), added(t, path)
	promoted(t, path, ids.AEAD)
	if opened(t, o).Hash("p", "x") != before.Hash("p", "x") {
		t.Error("promoting the AEAD key changed the hash key")
	}
	promoted(t, path, ids.Hash, ids.Hash) // again changes nothing
	if opened(t, o).Hash("p", "x") == before.Hash("p", "x") {
		t.Error("the hash key did not change")
	}
}

func TestPromoteRefusesUnknownKeys(t *testing.T) {
	path := created(t)
	before := read(t, path)
	if err := vault.Promote(path, 1); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("%v", err)
	}
	if read(t, path) != before {
		t.Error("the file changed")
	}
	alone(t, path)
}

// TestDisabledKeysAreOutOfUse: what they made is neither opened nor looked up.
func TestDisabledKeysAreOutOfUse(t *testing.T) {
	path := created(t)
	before, ids := opened(t, vault.Options{KeysFile: path}), added(t, path)
	promoted(t, path, ids.AEAD, ids.Hash)
	// The former primaries come first in their keysets.
	off := read(t, path)
	for _, set := range []string{`"aead":`, `"hash":`} {
		at := strings.Index(off, set)
		off = off[:at] + strings.Replace(off[at:], "ENABLED", "DISABLED", 1)
	}
	after := opened(t, vault.Options{Keys: off})
	if _, err := after.Unseal(sealed(t, before, "secret")); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("sealed by a disabled key: %v", err)
	}
	if len(after.HashAll("p")) != 1 || after.VerifyMAC(before.MAC("p", nil), "p", nil) {
		t.Error("a disabled key still hashes")
	}
}

// TestParallelChangesLoseNone: each AddKey either is in the file or said ErrBusy.
func TestParallelChangesLoseNone(t *testing.T) {
	path := created(t)
	done := make(chan bool, 16)
	var all sync.WaitGroup
	for range cap(done) {
		all.Go(func() {
			_, err := vault.AddKey(path)
			if err != nil && !errors.Is(err, vault.ErrBusy) {
				t.Error(err)
			}
			done <- err == nil
		})
	}
	all.Wait()
	close(done)
	want := 1
	for ok := range done {
		if ok {
			want++
		}
	}
	if got := len(opened(t, vault.Options{KeysFile: path}).HashAll("p")); got != want {
		t.Errorf("%d keys, want %d", got, want)
	}
	alone(t, path)
}

func TestAnUnfinishedDraftStopsChangesNotReading(t *testing.T) {
	path := created(t)
	write(t, path+".new", "half", 0o600)
	_, err := vault.AddKey(path)
	if !errors.Is(err, vault.ErrBusy) || read(t, path+".new") != "half" {
		t.Errorf("AddKey: %v", err)
	}
	opened(t, vault.Options{KeysFile: path})
}

func TestChangesFollowLinksAndTightenTheMode(t *testing.T) {
	path := created(t)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	added(t, link)
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := len(opened(t, vault.Options{KeysFile: link}).HashAll("p")); got != 2 {
		t.Errorf("%d keys behind the link", got)
	}
}

func TestChangesWantAFile(t *testing.T) {
	o := vault.Options{Keys: generated(t)}
	if err := o.Create(t.Context()); err == nil {
		t.Error("Create without a file")
	}
	if _, err := o.AddKey(t.Context()); err == nil {
		t.Error("AddKey without a file")
	}
}
