package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// draft is the next version of a key file, "<path>.new" beside it. Being created
// exclusively, it also keeps a second change away until this one is done. A crash
// leaves it behind; ErrBusy then names it, for a person to look and remove.
type draft struct {
	file *os.File
	path string // of the key file
}

func newDraft(path string) (*draft, error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w: %s.new exists", ErrBusy, path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &draft{file: f, path: path}, nil
}

// write makes the content durable, still under the draft's name.
func (d *draft) write(data []byte) error {
	_, err := d.file.Write(data)
	return errors.Join(err, d.file.Sync(), d.file.Close())
}

// create gives the draft its name, unless a file has it (fs.ErrExist).
func (d *draft) create() error {
	if err := os.Link(d.file.Name(), d.path); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return errors.Join(os.Remove(d.file.Name()), syncDir(d.path))
}

// replace puts the draft in the key file's place, with the same owner.
func (d *draft) replace() error {
	if err := sameOwner(d.path, d.file.Name()); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if err := os.Rename(d.file.Name(), d.path); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return syncDir(d.path)
}

// discard removes a draft that came to nothing.
func (d *draft) discard() {
	_ = d.file.Close() // may be closed already
	_ = os.Remove(d.file.Name())
}

// syncDir makes a name in the directory of path durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
