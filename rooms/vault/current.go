package vault

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// lookAgain is when keys that were refused are read once more though their file has
// not changed: a transit service may have been away.
const lookAgain = 30 * time.Second

// Current is the vault of a running node: the keys as they were last read. Calls that
// are under way when the keys are read again end with the keys they began with. It may
// be used by many goroutines.
type Current struct {
	options Options
	now     func() time.Time
	vault   atomic.Pointer[Vault]

	mu      sync.Mutex // of what follows; held while keys are being read
	stamp   string     // of the file that is in use
	refused string     // stamp of a file that is not
	again   time.Time  // when that is tried once more
}

// OpenCurrent opens a vault whose keys can be read again.
func OpenCurrent(ctx context.Context, o Options) (*Current, error) {
	c := &Current{options: o, now: time.Now, stamp: stampOf(o.KeysFile)}
	v, err := Open(ctx, o)
	if err != nil {
		return nil, err
	}
	c.vault.Store(v)
	return c, nil
}

// Refresh is Reload if the file has changed since it was read; changed says whether the
// keys in use are others now. A file that was refused is not read again for a while.
func (c *Current) Refresh(ctx context.Context) (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp := stampOf(c.options.KeysFile)
	if stamp == c.stamp || stamp == c.refused && c.now().Before(c.again) {
		return false, nil
	}
	err = c.reload(ctx, stamp)
	return err == nil, err
}

// Reload reads the keys again. If it returns an error the old keys stay in use: that of
// Open, or ErrKeys if a key that is primary now is not enabled among the new ones, which
// then are not the next version of the old.
func (c *Current) Reload(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reload(ctx, stampOf(c.options.KeysFile))
}

func (c *Current) reload(ctx context.Context, stamp string) error {
	next, err := Open(ctx, c.options)
	if err == nil {
		err = follows(c.vault.Load(), next)
	}
	if err != nil {
		c.refused, c.again = stamp, c.now().Add(lookAgain)
		return err
	}
	c.vault.Store(next)
	c.stamp, c.refused = stamp, ""
	return nil
}

// follows refuses keys that cannot read what the old ones write.
func follows(old, next *Vault) error {
	enabled := map[uint32]bool{}
	for _, k := range next.held {
		enabled[k.ID] = k.Enabled
	}
	for _, k := range old.held {
		if k.Primary && !enabled[k.ID] {
			return fmt.Errorf("%w: %s key %d, which is primary here, is not enabled in them", ErrKeys, k.Kind, k.ID)
		}
	}
	return nil
}

// stampOf tells one state of a file from another.
func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return "missing"
	}
	return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
}

// Seal is Vault.Seal.
func (c *Current) Seal(plaintext []byte, associated ...string) ([]byte, error) {
	return c.vault.Load().Seal(plaintext, associated...)
}

// Unseal is Vault.Unseal.
func (c *Current) Unseal(sealed []byte, associated ...string) ([]byte, error) {
	return c.vault.Load().Unseal(sealed, associated...)
}

// HashAll is Vault.HashAll.
func (c *Current) HashAll(purpose string, parts ...string) []Hash {
	return c.vault.Load().HashAll(purpose, parts...)
}

// MAC is Vault.MAC.
func (c *Current) MAC(purpose string, data []byte) string { return c.vault.Load().MAC(purpose, data) }

// VerifyMAC is Vault.VerifyMAC.
func (c *Current) VerifyMAC(mac, purpose string, data []byte) bool {
	return c.vault.Load().VerifyMAC(mac, purpose, data)
}

// Keys is Vault.Keys.
func (c *Current) Keys() []Key { return c.vault.Load().Keys() }
