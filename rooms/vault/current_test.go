package vault_test

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms/vault"
)

func current(t *testing.T, path string) *vault.Current {
	t.Helper()
	c, err := vault.OpenCurrent(t.Context(), vault.Options{KeysFile: path})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refreshed(t *testing.T, c *vault.Current, want bool) {
	t.Helper()
	if changed, err := c.Refresh(t.Context()); err != nil || changed != want {
		t.Errorf("changed %v, want %v: %v", changed, want, err)
	}
}

// TestCurrentTakesChangedKeys at each step of a rotation, and opens what it made before.
func TestCurrentTakesChangedKeys(t *testing.T) {
	path := created(t)
	c, o := current(t, path), vault.Options{KeysFile: path}
	refreshed(t, c, false)
	box, err := c.Seal([]byte("secret"), "room")
	if err != nil {
		t.Fatal(err)
	}
	mac, hash := c.MAC("p", []byte("data")), c.HashAll("p", "x")[0]
	ids := added(t, path)
	refreshed(t, c, true)
	refreshed(t, c, false)
	if len(c.Keys()) != 4 || c.HashAll("p", "x")[0] != hash {
		t.Errorf("after adding: %+v", c.Keys())
	}
	promoted(t, path, ids.AEAD, ids.Hash)
	refreshed(t, c, true)
	all := c.HashAll("p", "x")
	if id, ok := all[0].Key(); !ok || id != ids.Hash || all[1] != hash {
		t.Errorf("after promoting, hashes by %d: %q", id, all)
	}
	again, err := c.Seal([]byte("secret"), "room")
	if id, ok := vault.SealedBy(again); err != nil || !ok || id != ids.AEAD {
		t.Errorf("after promoting, sealed by %d: %v", id, err)
	}
	for _, b := range [][]byte{box, again} {
		if got, err := c.Unseal(b, "room"); err != nil || string(got) != "secret" {
			t.Error(err)
		}
	}
	if !c.VerifyMAC(mac, "p", []byte("data")) {
		t.Error("a MAC of before is refused")
	}
	for _, k := range c.Keys() {
		if !k.Primary {
			done(t, o.Disable(t.Context(), k.ID))
		}
	}
	refreshed(t, c, true)
	if _, err := c.Unseal(box, "room"); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("sealed by a disabled key: %v", err)
	}
}

// TestCurrentKeepsTheOldKeys when the new ones are no good, and takes the next good ones.
func TestCurrentKeepsTheOldKeys(t *testing.T) {
	stranger := created(t)
	swapped := created(t) // both primaries are changed, the old ones disabled in the same step
	o, ids := vault.Options{KeysFile: swapped}, added(t, swapped)
	good := read(t, swapped)
	before := opened(t, o).Keys()
	promoted(t, swapped, ids.AEAD, ids.Hash)
	for _, k := range before {
		if k.Primary {
			done(t, o.Disable(t.Context(), k.ID))
		}
	}
	for name, text := range map[string]string{
		"empty": "", "half": good[:len(good)/2], "of another gateway": read(t, stranger), "two steps at once": read(t, swapped),
	} {
		path := created(t)
		write(t, path, good, 0o600)
		c := current(t, path)
		box, _ := c.Seal([]byte("secret"), "room")
		write(t, path, text, 0o600)
		if changed, err := c.Refresh(t.Context()); !errors.Is(err, vault.ErrKeys) || changed {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
		refreshed(t, c, false) // said once
		if err := c.Reload(t.Context()); !errors.Is(err, vault.ErrKeys) {
			t.Errorf("%s: on demand: %v", name, err)
		}
		if _, err := c.Unseal(box, "room"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		write(t, path, good, 0o600)
		promoted(t, path, ids.AEAD)
		refreshed(t, c, true)
	}
}

func TestCurrentRefusesAFileThatIsGoneOrOpen(t *testing.T) {
	path := created(t)
	c := current(t, path)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(t.Context()); !errors.Is(err, vault.ErrPermissions) {
		t.Errorf("open to others: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
	if len(c.Keys()) != 2 {
		t.Error("the old keys are out of use")
	}
}

// TestCurrentUnderUse: keys change while many goroutines seal, hash and open.
func TestCurrentUnderUse(t *testing.T) {
	path := created(t)
	c := current(t, path)
	stop := time.Now().Add(200 * time.Millisecond)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for time.Now().Before(stop) {
				box, err := c.Seal([]byte("secret"), "room")
				if err != nil {
					t.Error(err)
				}
				if _, err := c.Unseal(box, "room"); err != nil {
					t.Error(err)
				}
				if data := []byte("data"); !c.VerifyMAC(c.MAC("p", data), "p", data) || len(c.HashAll("p")) == 0 {
					t.Error("a MAC is refused")
				}
			}
		})
	}
	for time.Now().Before(stop) {
		ids := added(t, path)
		refreshed(t, c, true)
		promoted(t, path, ids.AEAD, ids.Hash)
		refreshed(t, c, true)
	}
	all.Wait()
}
