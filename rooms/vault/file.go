package vault

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	ownerOnly  fs.FileMode = 0o077   // bits that must be clear: group and others
	notOthers  fs.FileMode = 0o007   // bits that must be clear: others
	maxPrivate             = 1 << 20 // bytes of a secret file
)

// readPrivate reads a regular file none of whose denied permissions are set.
func readPrivate(path string, denied fs.FileMode) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	defer f.Close()
	if err := checkPrivate(f, denied); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPrivate+1))
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	if len(data) > maxPrivate {
		return nil, fmt.Errorf("%w: %s exceeds %d bytes", ErrKeys, path, maxPrivate)
	}
	return data, nil
}

// checkPrivate looks at the open file, so that nobody can swap it in between.
func checkPrivate(f *os.File, denied fs.FileMode) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a regular file", ErrPermissions, f.Name())
	}
	if info.Mode().Perm()&denied != 0 {
		return fmt.Errorf("%w: %s has mode %04o, want 0600", ErrPermissions, f.Name(), info.Mode().Perm())
	}
	return nil
}
