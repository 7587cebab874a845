//go:build unix

package vault

import (
	"os"
	"syscall"
)

// sameOwner gives the file at to the owner of the one at from: keys rotated by
// root stay readable for the node.
func sameOwner(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Chown(to, int(owner.Uid), int(owner.Gid))
	}
	return nil
}
